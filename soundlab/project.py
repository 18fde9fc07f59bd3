"""The composition root: opens a project, hands out stores, engines and services.

Everything is made when first asked for, so a command pays only for what it uses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from soundlab.config import PROJECT_FILE, Settings, cache_folder, find_project, packaged, read_settings, write_settings
from soundlab.errors import NotFound, WrongInput
from soundlab.presets import Preset, find_preset, generation_defaults, list_presets

if TYPE_CHECKING:
    from soundlab.domain.adapter import Adapter
    from soundlab.domain.clip import Clip
    from soundlab.domain.layers import Layer
    from soundlab.domain.lexicon import Lexicon
    from soundlab.domain.ports import Embedder, Generator, Trainer
    from soundlab.engines.axis_condition import Teaching
    from soundlab.services.clearing import Clearing
    from soundlab.services.comparing import Comparer
    from soundlab.services.curating import Curator
    from soundlab.services.dataset import Dataset
    from soundlab.services.deriving import DerivingService
    from soundlab.services.evaluating import EvaluationService
    from soundlab.services.exploring import ExploringService
    from soundlab.services.exporting import Exporter
    from soundlab.services.generating import GenerationService
    from soundlab.services.importing import Importer
    from soundlab.services.keeping import Keeper
    from soundlab.services.mapping import Mapper
    from soundlab.services.remixing import Remixer
    from soundlab.services.searching import Searcher
    from soundlab.services.steering import SteeringService
    from soundlab.services.suggesting import Suggester
    from soundlab.services.switching import Switch
    from soundlab.services.taste import TasteService
    from soundlab.services.training import TrainingService
    from soundlab.services.understanding import UnderstandingService
    from soundlab.services.wording import WordingService
    from soundlab.storage.adapters import AdapterStore
    from soundlab.storage.clips import ClipStore
    from soundlab.storage.comparisons import ComparisonStore
    from soundlab.storage.database import Database
    from soundlab.storage.exports import ExportStore
    from soundlab.storage.searches import SearchStore
    from soundlab.storage.takes import TakeStore
    from soundlab.storage.vectors import VectorStore


def usual_sampling(checkpoint: str) -> dict[str, Any]:
    """How takes of a checkpoint are drawn: guidance, temperature, top_k, top_p."""
    table = generation_defaults(packaged("presets") / "generation", checkpoint)
    return {key: value for key, value in table.items() if key != "candidates"}


def sound_space(checkpoint: str) -> str | None:
    """Model id of the CLAP embeddings that steer a checkpoint; None when only words do."""
    from soundlab.engines import registry, sound_condition

    return sound_condition.space(registry.musicgen(checkpoint).folder)


def teaching(checkpoint: str) -> Teaching:
    """What a checkpoint was taught about words."""
    from soundlab.engines import axis_condition, registry

    return axis_condition.teaching(registry.musicgen(checkpoint).folder)


class Project:
    """An open project.

    Parameters
    ----------
    folder
        The folder that holds ``soundlab.toml``.
    workers
        Run models in worker processes (the interface) instead of in this one.

    Raises
    ------
    NotFound
        When there is no project there.
    """

    def __init__(self, folder: Path, *, workers: bool = False) -> None:
        self.folder = folder.resolve()
        if not (self.folder / PROJECT_FILE).is_file():
            raise NotFound(f"no project in {self.folder}", "make one: soundlab init PATH --starter")
        self.settings: Settings = read_settings(self.folder)
        self._use_workers = workers
        self._started: list[str] = []
        self._scratch: TemporaryDirectory[str] | None = None

    @classmethod
    def locate(cls, start: Path, *, workers: bool = False) -> Project:
        """Open the project at or above ``start``."""
        return cls(find_project(start), workers=workers)

    @classmethod
    def create(cls, folder: Path) -> Project:
        """Make a new project.

        Raises
        ------
        WrongInput
            When there is one already, or the path is a file.
        """
        if (folder / PROJECT_FILE).exists():
            raise WrongInput(f"{folder} is a project already", f"open it: soundlab {folder}")
        if folder.exists() and not folder.is_dir():
            raise WrongInput(f"{folder} is a file", "name a folder")
        folder.mkdir(parents=True, exist_ok=True)
        name = folder.resolve().name.replace("\\", "\\\\").replace('"', '\\"')
        write_settings(folder, Settings(name=name))
        return cls(folder)

    @property
    def internal(self) -> Path:
        """Where the database, vectors and logs lie."""
        path = self.folder / ".soundlab"
        path.mkdir(exist_ok=True)
        return path

    @cached_property
    def database(self) -> Database:
        from soundlab.storage.database import Database

        return Database(self.internal / "soundlab.db")

    @cached_property
    def clips(self) -> ClipStore:
        from soundlab.storage.clips import ClipStore

        return ClipStore(self.database)

    @cached_property
    def takes(self) -> TakeStore:
        from soundlab.storage.takes import TakeStore

        return TakeStore(self.database)

    @cached_property
    def adapters(self) -> AdapterStore:
        from soundlab.storage.adapters import AdapterStore

        return AdapterStore(self.database)

    @cached_property
    def vectors(self) -> VectorStore:
        from soundlab.storage.vectors import VectorStore

        return VectorStore(self.database, self._derived / "vectors")

    @cached_property
    def _derived(self) -> Path:
        """Where files lie that can be made again; elsewhere while the project is open, where it can't be written."""
        if self.database.writable:
            return self.internal
        self._scratch = TemporaryDirectory(prefix="soundlab-")
        return Path(self._scratch.name)

    @cached_property
    def embedder(self) -> Embedder:
        return self._make_embedder(self.settings.clap)

    def _make_embedder(self, checkpoint: str) -> Embedder:
        if self._use_workers:
            from soundlab.engines.client import Worker, WorkerEmbedder

            if "_embed_worker" not in self._started:
                self._started.append("_embed_worker")
                self._embed_worker = Worker("embed", self.internal / "embed.log")
            return WorkerEmbedder(checkpoint, self._embed_worker)
        from soundlab.engines.local import LocalEmbedder

        return LocalEmbedder(checkpoint)

    @cached_property
    def switch(self) -> Switch:
        from soundlab.services.switching import Switch

        return Switch(
            self.clips,
            self.vectors,
            self.embedder,
            self.settings.clap,
            self._make_embedder,
            self.internal / "vectors" / "models.json",
        )

    @cached_property
    def generator(self) -> Generator:
        if self._use_workers:
            from soundlab.engines.client import Worker, WorkerGenerator

            self._started.append("_generate_worker")
            self._generate_worker = Worker("generate", self.internal / "generate.log")
            return WorkerGenerator(self._generate_worker)
        from soundlab.engines.local import LocalGenerator

        return LocalGenerator()

    @cached_property
    def trainer(self) -> Trainer:
        return self.generator  # type: ignore[return-value]  # both kinds of generator train as well

    @cached_property
    def importer(self) -> Importer:
        from soundlab.services.importing import Importer

        return Importer(self.clips, self.vectors, self.embedder, self.folder / "media", self.switch.remember)

    def _measured(self, clips: Sequence[Clip]) -> dict[str, dict[str, float | None]]:
        """Descriptors of clips; what measures is loaded when something is to be measured."""
        return self.curator.measured(clips)

    @cached_property
    def searcher(self) -> Searcher:
        from soundlab.services.searching import Searcher

        return Searcher(self.clips, self.vectors, self.switch.best, self._measured, self.internal, self.wording.applied)

    @cached_property
    def wording(self) -> WordingService:
        from soundlab.services.wording import WordingService

        return WordingService(self.clips, self.takes, self.vectors, self.embedder, self.internal / "wording.npz")

    @cached_property
    def deriving(self) -> DerivingService:
        from soundlab.services.deriving import DerivingService

        return DerivingService(self.takes, self.vectors, self.embedder, self.folder / "takes")

    @cached_property
    def generation(self) -> GenerationService:
        from soundlab.services.generating import GenerationService

        return GenerationService(
            self.takes,
            self.clips,
            self.adapters,
            self.vectors,
            self.generator,
            self.embedder,
            self.folder / "takes",
            sound_space,
            self.asked,
            self.deriving,
        )

    @cached_property
    def lexicon(self) -> Lexicon:
        from soundlab.services.understanding import lexicon_of

        return lexicon_of(self.folder)

    def asked(self, prompt: str, checkpoint: str, apart: bool) -> tuple[Layer, ...]:
        """What a prompt asks a checkpoint for."""
        from soundlab.domain.layers import asked

        taught = teaching(checkpoint)
        return asked(prompt, self.lexicon, taught.words, taught.names, apart=apart and taught.apart)

    @cached_property
    def jnds(self) -> dict[str, float]:
        """The just-noticeable difference of each descriptor."""
        from soundlab.services.checking import read_jnds

        return read_jnds(packaged("presets") / "feedback" / "jnd.toml")

    @cached_property
    def remixer(self) -> Remixer:
        from soundlab.services.remixing import Remixer

        return Remixer(
            self.takes,
            self.generation,
            self.deriving,
            self.lexicon.layering,
            self.jnds,
            lambda checkpoint: teaching(checkpoint).apart,
        )

    @cached_property
    def understanding(self) -> UnderstandingService:
        from soundlab.services.kin import Kin
        from soundlab.services.understanding import UnderstandingService
        from soundlab.vocabulary import things

        return UnderstandingService(
            self.takes,
            self.clips,
            self.lexicon,
            Kin(self.lexicon, self.embedder.meanings, things(packaged("presets") / "vocabulary")),
            lambda take: [layer.prompt for layer, _ in self.remixer.layers(take)],
        )

    @cached_property
    def steering(self) -> SteeringService:
        from soundlab.services.ranking import RankingService
        from soundlab.services.steering import SteeringService

        return SteeringService(
            self.takes,
            self.clips,
            self.vectors,
            self.embedder,
            self.generation,
            self.deriving,
            self.understanding,
            RankingService(self.vectors, self.embedder, self.taste, self.jnds),
            self.remixer,
            self.jnds,
            self.candidates,
            self._measured,
        )

    @cached_property
    def exploring(self) -> ExploringService:
        from soundlab.services.exploring import ExploringService

        return ExploringService(self.takes, self.generation, self.steering)

    @cached_property
    def taste(self) -> TasteService:
        from soundlab.services.taste import TasteService

        return TasteService(self.takes, self.vectors, self.comparisons, self.embedder, self.internal / "taste.json")

    @cached_property
    def comparisons(self) -> ComparisonStore:
        from soundlab.storage.comparisons import ComparisonStore

        return ComparisonStore(self.database)

    @cached_property
    def comparer(self) -> Comparer:
        from soundlab.services.comparing import Comparer

        return Comparer(self.takes, self.vectors, self.comparisons, self.embedder.model_id, self.jnds)

    @cached_property
    def training(self) -> TrainingService:
        from soundlab.services.training import TrainingService
        from soundlab.vocabulary import read_tags

        return TrainingService(
            self.dataset,
            self.adapters,
            self.trainer,
            self.folder / "adapters",
            self.internal / "tokens",
            read_tags([packaged("presets") / "vocabulary"]),
            self.generation.sounds,
        )

    @cached_property
    def evaluation(self) -> EvaluationService:
        from soundlab.services.evaluating import EvaluationService

        return EvaluationService(
            self.takes,
            self.adapters,
            self.vectors,
            self.embedder,
            self.generation,
            self.steering,
            self.sampling,
            self.source_path,
        )

    def merge(self, adapters: Sequence[tuple[Adapter, float]], to: Path) -> None:
        """Write a base with adapters merged into it as a folder. Raises WrongInput when they have several bases."""
        from soundlab.engines import registry
        from soundlab.engines.lora import merge

        bases = {a.checkpoint for a, _ in adapters}
        if len(bases) != 1:
            raise WrongInput(f"these adapters are of {', '.join(sorted(bases))}", "merge those of one base")
        merge(registry.musicgen(bases.pop()), [(Path(a.path), w) for a, w in adapters], to)

    def source_path(self, identity: str) -> Path | None:
        """Where the file of a take or clip is; None when it is gone."""
        try:
            found = self.takes.get(identity) if identity.startswith("t") else self.clips.get(identity)
        except NotFound:
            return None
        path = Path(found.path)
        return path if path.exists() else None

    @cached_property
    def dataset(self) -> Dataset:
        from soundlab.services.dataset import Dataset

        return Dataset(
            self.takes,
            self.clips,
            self.vectors,
            self.embedder,
            self._measured,
            lambda: self.jnds,
        )

    @cached_property
    def exports(self) -> ExportStore:
        from soundlab.storage.exports import ExportStore

        return ExportStore(self.database)

    @cached_property
    def exporter(self) -> Exporter:
        from soundlab.services.exporting import Exporter

        return Exporter(self.takes, self.clips, self.exports)

    @cached_property
    def curator(self) -> Curator:
        from soundlab.services.curating import Curator

        return Curator(self.clips, self.vectors, self.embedder)

    @cached_property
    def suggester(self) -> Suggester:
        from soundlab.services.suggesting import Suggester
        from soundlab.vocabulary import read_categories, read_tags

        words = packaged("presets") / "vocabulary"
        tags = read_tags([words, self.folder / "vocabulary"])
        return Suggester(
            self.clips, self.vectors, self.embedder, tags, read_categories(words), cache_folder() / "words"
        )

    @cached_property
    def mapper(self) -> Mapper:
        from soundlab.services.mapping import Mapper

        return Mapper(self.clips, self.vectors, self.embedder)

    @cached_property
    def searches(self) -> SearchStore:
        from soundlab.storage.searches import SearchStore

        return SearchStore(self.database)

    @cached_property
    def keeper(self) -> Keeper:
        from soundlab.services.keeping import Keeper

        return Keeper(self.folder, self.database, self.clips, self.takes, self.adapters, self.importer)

    @cached_property
    def clearing(self) -> Clearing:
        from soundlab.services.clearing import Clearing

        return Clearing(self.clips, self.takes, self.adapters, self.exports)

    def sampling(self, checkpoint: str) -> dict[str, Any]:
        """How takes of a checkpoint are drawn unless the person says otherwise."""
        return usual_sampling(checkpoint)

    def candidates(self, checkpoint: str) -> int:
        """How many takes are made for each one that feedback keeps."""
        return int(generation_defaults(packaged("presets") / "generation", checkpoint)["candidates"])

    def preset_folders(self) -> list[Path]:
        """Folders of saved briefs: the packaged ones, then the project's own."""
        return [packaged("presets") / "briefs", self.folder / "briefs"]

    def preset(self, name: str, variables: Mapping[str, str] | None = None) -> Preset:
        """Read a saved brief, with values for its variables."""
        return find_preset(name, self.preset_folders(), variables)

    def presets(self) -> dict[str, Path]:
        """Saved briefs by name."""
        return list_presets(self.preset_folders())

    def close(self) -> None:
        """End workers and release the database."""
        for name in self._started:
            getattr(self, name).close()
        if "database" in self.__dict__:
            self.database.close()
        if self._scratch is not None:
            self._scratch.cleanup()
