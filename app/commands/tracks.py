"""`tracks`: bring tracks in."""

from cyclopts import App

from app.commands.track_import import import_tracks

TRACKS = App(name="tracks", help="Tracks of the enrichment service.")
TRACKS.command(import_tracks, name="import")
