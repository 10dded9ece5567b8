import pytest
from backend.database.lock import *
def test_l(empty_database):
    l=DeploymentLock(empty_database); assert l.holder() is None
    h=l.acquire(operator="o",host="h",run="r",reason="x"); print(h.fencing, l.holder()); h.check()
    with pytest.raises(LockHeldError) as e: DeploymentLock(empty_database).acquire(operator="o2",host="h",run="r2")
    print(e.value)
    h.release(); assert l.holder() is None
    h=l.acquire(operator="o",host="h",run="r"); print(h.fencing); h.release()
