"""A PostgreSQL as a container brings it: the script that is shipped makes LiveChat's roles."""

import os
import subprocess

from livechat.embedded.postgres import EmbeddedPostgres
from tests.servers import ROOT

ROLES = ROOT / "deploy" / "postgres" / "roles.sh"


class EmptyPostgres(EmbeddedPostgres):
    def _make_roles(self):
        env = {
            **os.environ,
            "PATH": f"{self.binaries}:{os.environ['PATH']}",
            "PGHOST": str(self.sockets),
            "LIVECHAT_PASSWORD": "one'; two",
            "LIVECHAT_OWNER_PASSWORD": "another",
        }
        subprocess.run([ROLES], env=env, check=True, capture_output=True)

    def run(self, program, *words):
        subprocess.run([self.binaries / program, *words], check=True, capture_output=True)
