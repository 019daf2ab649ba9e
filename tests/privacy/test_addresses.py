"""
From which address somebody came is in no file, only a hash of it that another day's cannot be compared with. (What an operator
types to shut an address out stands in their own list as it was typed.)
"""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from pydantic import SecretStr

from reve_core.allowance import Allowance, Origin
from reve_core.errors import Banned, LimitReached, NotAllowed
from reve_core.models import JobRequest, JobStatus
from reve_core.operating import Entry
from tests.building import build_studio, running, until
from tests.fakes import FakeProvider

TOKEN = "operators-only-7hq2-LmZ9-wXk4"


@pytest.mark.parametrize("address", ["203.0.113.77", "2001:db8:7:9:a:b:c:d"])
def test_no_file_holds_an_address_whatever_was_done_from_it(tmp_path: Path, address: str) -> None:
    studio = build_studio(
        tmp_path,
        FakeProvider(),
        public=True,
        allowance=Allowance(visitor_per_minute=2, address_credits=10_000),
        operator_entry=Entry(token=SecretStr(TOKEN)),
    )
    with running(studio):
        jobs = [studio.submit(JobRequest(prompt="fox"), owner="v-anna", origin=Origin(address))[0] for _ in range(2)]
        with pytest.raises(LimitReached):
            studio.submit(JobRequest(prompt="fox"), owner="v-anna", origin=Origin(address))
        until(lambda: all(studio.get(job.id, owner="v-anna").status is JobStatus.DONE for job in jobs))
        with pytest.raises(NotAllowed):
            studio.operator.sign_in("a wrong token that is long enough", address=address)
        desk = studio.operator.desk(studio.operator.sign_in(TOKEN, address=address))
        desk.shutting.address_of_job(jobs[0].id)
        with pytest.raises(Banned):
            studio.submit(JobRequest(prompt="fox"), owner="v-bert", origin=Origin(address))
        read = ipaddress.ip_address(address)
        network = str(ipaddress.ip_network(f"{address}/64", strict=False).network_address) if read.version == 6 else ""
        spellings = {address, read.exploded, str(int(read)), network.rstrip(":"), f"{int(read):x}"} - {""}
        # While it runs: what is not yet in the database stands beside it.
        for file in tmp_path.rglob("*"):
            if file.is_file():
                held = file.read_bytes()
                assert read.packed not in held, file
                for spelling in spellings:
                    assert spelling.encode() not in held, (file, spelling)
