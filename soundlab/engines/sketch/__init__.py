"""The bundled sketch checkpoint: its codec and how all of its parts are trained."""
