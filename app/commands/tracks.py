"""`tracks`: bring tracks in, find them, and look at one closely."""

from cyclopts import App

from app.commands.track_import import import_tracks, progress
from app.commands.track_inspection import find, inspect, show

TRACKS = App(name="tracks", help="Tracks of the enrichment service.")
TRACKS.command(import_tracks, name="import")
TRACKS.command(progress, name="progress")
TRACKS.command(find, name="find")
TRACKS.command(show, name="show")
TRACKS.command(inspect, name="inspect")
