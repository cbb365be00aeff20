"""What deploy/ and its neighbours say agrees with what the product reads and the documents tell."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.deployment.reverse_proxy import NGINX, needs_nginx, write_configuration
from tests.servers import ROOT
from tests.test_docs import README, table

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = ("web", "worker", "ingestion", "beat", "migrate")
MANIFESTS = [
    manifest
    for path in sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
    for manifest in yaml.safe_load_all(path.read_text())
]
STOP_SECONDS = 45
# Of the settings, what the image says itself, and what production refuses.
NOT_FOR_COMPOSE = {"HOST", "PORT", "VAR_DIR", "DEBUG"}
GIVEN_BY_COMPOSE = {
    "PRODUCTION",
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "METRICS_HOST",
}


def manifests(*kinds):
    return [each for each in MANIFESTS if each["kind"] in kinds]


def pods():
    """Each process's name, the specification of its pod, and that of its container."""
    for manifest in manifests("Deployment", "Job"):
        pod = manifest["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        yield container["name"], pod, container


def example_environment():
    command = [ROOT / "deploy" / "make-env", "chat.acme.example"]
    made = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [line for line in made.stdout.splitlines() if not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def interpolated(values, env):
    """What compose makes of ``${NAME:?}`` and ``${NAME:-else}``."""

    def value(match):
        name, _, otherwise = match[1].partition(":-")
        return env.get(name.removesuffix(":?"), otherwise)

    return {name: re.sub(r"\$\{([^}]+)\}", value, text) for name, text in values.items()}


def documented_commands():
    rows = re.findall(r"^\| (\w+) \| `([^`]+)` \|", OPERATIONS, flags=re.MULTILINE)
    commands = {name: command.split() for name, command in rows}
    return commands | {"migrate": ["python", "manage.py", "migrate"]}


def test_the_commands_are_the_documented_ones():
    documented = documented_commands()

    assert {name: SERVICES[name]["command"] for name in OURS} == documented
    assert {name: container["command"] for name, _, container in pods()} == documented
    assert f"CMD {documented['web']}".replace("'", '"') in DOCKERFILE


def test_only_settings_that_exist_are_set():
    (own,) = re.findall(r"VAR_DIR.*?$|HOST=.*?$", DOCKERFILE, flags=re.MULTILINE)[-1:]
    named = set(re.findall(r"(\w+)=", own))
    for name in OURS:
        named |= set(SERVICES[name]["environment"])
    for manifest in manifests("ConfigMap", "Secret"):
        named |= set(manifest.get("data", {}) | manifest.get("stringData", {}))

    # What OpenTelemetry's own library reads.
    named -= set(re.findall(r"`(OTEL_\w+)`", OPERATIONS))
    assert {"HOST", "VAR_DIR", "SECRET_KEY"} <= named <= table(README, "Settings")


def test_compose_passes_every_setting_on():
    documented = table(README, "Settings") | set(re.findall(r"`(OTEL_\w+)`", OPERATIONS))

    for name in OURS:
        environment = SERVICES[name]["environment"]
        assert set(environment) == documented - NOT_FOR_COMPOSE
        for setting, value in environment.items():
            if setting not in GIVEN_BY_COMPOSE:
                assert value.startswith(f"${{{setting}:"), setting


def test_what_compose_sets_is_enough_for_production(tmp_path):
    env = interpolated(SERVICES["web"]["environment"], example_environment())
    env |= {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)}
    code = "from livechat import settings as s; print(s.PRODUCTION, s.PUBLIC_URL, s.ALLOWED_HOSTS)"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True
    )

    assert done.stdout == "True https://chat.acme.example ['chat.acme.example']\n", done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_quick_starts_keep_an_environment_that_is_there(tmp_path):
    starts = [
        re.findall(r"^.*deploy/make-env .*$", path.read_text(), flags=re.MULTILINE)
        for path in (README, ROOT / "docs" / "operations.md")
    ]
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")

    made = []
    for (command,) in [*starts, *starts]:
        subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True)
        made.append((tmp_path / ".env").read_text())

    assert "SECRET_KEY" in made[0]
    assert set(made) == {made[0]}
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_every_installation_has_secrets_of_its_own():
    one, other = example_environment(), example_environment()
    secrets = {name for name in one if name.endswith(("PASSWORD", "KEY"))}

    assert {name for name in one if one[name] != other[name]} == secrets
    assert len({one[name] for name in secrets}) == len(secrets) == 4
    assert all(re.fullmatch("[0-9a-f]{64}", one[name]) for name in secrets)


def test_compose_opens_nothing_but_nginx():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["nginx"]
    published = interpolated({"port": SERVICES["nginx"]["ports"][0]}, example_environment())
    assert interpolated({"port": SERVICES["nginx"]["ports"][0]}, {}) == published
    assert published == {"port": "127.0.0.1:8080:8080"}
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert [SERVICES[name]["networks"] for name in ("postgres", "redis")] == [["inside"]] * 2


def test_everything_has_time_to_end():
    for name in OURS:
        assert SERVICES[name]["stop_grace_period"] == f"{STOP_SECONDS}s"
    for name, pod, _ in pods():
        assert name == "migrate" or pod["terminationGracePeriodSeconds"] == STOP_SECONDS


def test_no_process_may_more_than_it_needs():
    for name in OURS:
        service = SERVICES[name]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    for _, pod, container in pods():
        assert (pod["securityContext"]["runAsNonRoot"], pod["automountServiceAccountToken"]) == (
            True,
            False,
        )
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    assert re.findall(r"^USER (\d+)$", DOCKERFILE, flags=re.MULTILINE) == ["10001"]


def test_there_is_one_beat_and_more_than_one_of_those_who_serve():
    copies = {name: SERVICES[name]["deploy"]["replicas"] for name in OURS if name != "migrate"}
    pods_of = {m["metadata"]["name"]: m["spec"]["replicas"] for m in manifests("Deployment")}

    assert copies == {"web": 2, "worker": 2, "ingestion": 1, "beat": 1}
    assert pods_of == {f"livechat-{name}": count for name, count in copies.items()}


def test_all_processes_share_the_uploaded_files():
    mounted = "media:/var/lib/livechat/media"

    assert all(SERVICES[name]["volumes"] == [mounted] for name in OURS)
    for _, pod, container in pods():
        assert {"name": "media", "mountPath": "/var/lib/livechat/media"} in container[
            "volumeMounts"
        ]
        claim = {"claimName": "livechat-media"}
        assert {"name": "media", "persistentVolumeClaim": claim} in pod["volumes"]


def test_files_that_are_mounted_or_copied_exist():
    sources = re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE, flags=re.MULTILINE)
    kept = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), flags=re.MULTILINE)
    tls = yaml.safe_load((ROOT / "deploy" / "compose.tls.yaml").read_text())
    mounted = [
        volume.split(":")[0]
        for service in [*SERVICES.values(), *tls["services"].values()]
        for volume in service.get("volumes", [])
        if volume.startswith("./deploy")
    ]

    assert len(mounted) == 4
    for path in [*" ".join(sources).split(), *kept, *mounted]:
        assert (ROOT / path).exists(), path


def test_the_image_holds_all_rooms_and_nothing_else_of_ours():
    kept = set(re.findall(r"^!(\w+)$", (ROOT / ".dockerignore").read_text(), flags=re.MULTILINE))
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}

    assert rooms <= kept
    assert not kept & {"tests", "benchmarks", "deploy", "frontend", "var"}


NAMED_SERVERS = {
    "resolver 127.0.0.11 valid=1s;": re.findall(r"```nginx\n(.+?)```", OPERATIONS, re.DOTALL)[0],
    "proxy_pass http://$web:8000;": "proxy_pass http://livechat;",
}


@needs_nginx
@pytest.mark.parametrize("replaced", [{}, NAMED_SERVERS], ids=["containers", "servers"])
@pytest.mark.parametrize("variant", ["plain", "tls"])
def test_nginx_takes_its_configuration(tmp_path, variant, replaced):
    make_certificate(tmp_path / "certs")
    path = write_configuration(tmp_path, variant, replaced)

    done = subprocess.run([NGINX, "-t", "-p", tmp_path, "-c", path], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert all(
        others in "".join(p.read_text() for p in tmp_path.glob("*.conf"))
        for others in replaced.values()
    )


def make_certificate(folder):
    folder.mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "chat.example.com")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
