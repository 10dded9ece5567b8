def test_real(musicdb, operations_db):
    from backend.database.migrations.runner import MigrationRunner
    from tests.conftest import MIGRATIONS
    r=MigrationRunner(musicdb, MIGRATIONS/"medallion")
    print([ (s.name,s.applied,s.run,s.batch, s.record) for s in r.status()])
    print(r.revert_batches_of_run("template", print)); print(r.current_revision())
    print(r.apply(run="x",applied_by="y",progress=print))
