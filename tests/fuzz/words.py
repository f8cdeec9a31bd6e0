"""Everything that reads what people and platforms say: commands, the control socket, hold lists, evidence,
settings."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson
from hypothesis import strategies as st

from drivers.catalogue import DRIVERS
from drivers.contract import Instant
from edge import gateway, show
from edge.commands.judging import VERBS, Message, identity, judge
from edge.control import ControlSocket, Refused
from edge.entering import Entering
from edge.errors import SettingsError
from edge.evidence.verify import CAPTURE, EXPORT, Lines, export, verify
from edge.instant import parse_rfc3339
from edge.journal.trail import Index, Newest
from edge.messages import LANGS, sentence
from edge.recorders.commanded import Commanded
from edge.recorders.contract import Fact, Unfit
from edge.recorders.corrections import Corrections
from edge.recorders.hold_list import Malformed, read_list
from edge.recorders.holds import KIND
from edge.recording import Recording
from edge.settings import Settings
from edge.wiring import holds, recorders
from tests.edge.evidence.evidence_rig import KEY, Box
from tests.fuzz.mutation import JSON, altered, damaged
from tests.fuzz.target import Target

T = TypeVar("T")

VISITS: Final = 50
"""After so many a site is founded anew."""

CHECKOUT: Final = Path(__file__).parents[2]
NOW: Final = parse_rfc3339("2026-11-22T03:14:07Z")
SOON: Final = "2026-11-22T03:15:00Z"
TAG: Final = "cn-eartag:362292600000123"
LARGEST: Final = 2**63
"""What a column of the journal holds."""

SAID: Final[dict[str, dict[str, Any]]] = {
    "certificate": {"number": "6229262600001", "place": "lairage", "animals": 3, "origin": "622926"},
    "verdict": {"subject": TAG, "stage": "ante_mortem", "result": "held", "finding": "跛行"},
    "disposal": {"subject": TAG, "method": "化制", "mass_kg": 21.5},
    "cleaning": {"place": "chiller-1", "agent": "次氯酸钠"},
    "cutting": {"subject": "carcass:1", "into": ["lot:A-1", "lot:A-2"], "mass_kg": 20},
    "packing": {"subject": "lot:A-1", "into": "sscc:106141411234567897", "count": 2},
    "tag-replaced": {"old": TAG, "new": "cn-eartag:362292600000124"},
    "move": {"place": "cold-room-1", "direction": "in", "subject": "lot:A-1", "count": 2},
    "crew": {"vehicle": "truck", "names": ["马师傅"]},
    "disinfection": {"vehicle": "truck", "number": "X-1"},
    "load": {"vehicle": "truck", "direction": "loaded", "subject": "lot:A-1", "mass_kg": 20},
    "trip": {"vehicle": "truck", "action": "begin"},
    "dispatch": {"subject": "lot:A-1", "receiver": "兰州肉联", "count": 1},
    "inspection": {"subject": "lot:A-1", "agency": "东乡县", "result": "passed"},
    "recall": {"subject": "lot:A-1", "action": "recalled"},
    "acknowledge": {"alarm": "a", "action": "已处理"},
    "correct": {"record": "a", "field": "basic.certificate", "value": "X-2"},
}
"""One of each kind of fact."""

HOLDS: Final[list[dict[str, Any]]] = [
    {"v": 1, "issued": "2026-11-22T03:00:00Z", "holds": [{"code": "cn-eartag:3622926", "reason": "疫区"}]},
    {
        "v": 1,
        "issued": "2026-11-22T03:00:00Z",
        "holds": [
            {
                "code": {"scheme": "cn-eartag", "value": "362292600000123"},
                "reason": "布病阳性",
                "until": "2026-12-22T00:00:00Z",
            }
        ],
    },
]


def targets() -> Iterator[Target]:
    facts = altered([{"fact": kind, "values": values} for kind, values in SAID.items()])
    entered = facts.flatmap(lambda fact: altered([fact | {"id": "c-1", "issuer": "监管", "expires": SOON}]))
    commands = st.tuples(st.sampled_from([*VERBS, "stop"]), (entered | JSON).map(_json) | damaged(COMMANDS))
    yield Target("commands", commands, _command, anew=_sites.clear)
    asked = altered([{"verb": "enter", "fact": kind, "values": SAID[kind]} for kind in SAID]) | JSON
    yield Target("control socket", asked.map(_json) | damaged(LINES), _ask, anew=_sites.clear)
    yield Target("facts", st.lists(_facts(), min_size=1, max_size=4), enter, anew=_sites.clear)
    held = altered(HOLDS).map(_json) | damaged([orjson.dumps(each) for each in HOLDS])
    yield Target("hold list", held, hold, anew=_sites.clear)
    yield Target("verify", damaged([_sealed()], most_bytes=32 * 1024), _verify)
    yield Target("settings", damaged(_files(), most_bytes=16 * 1024), _load)
    yield Target("settings, large", st.sampled_from(BOMBS).map(lambda made: made()), _load, most_s=5.0)


def _json(said: Any) -> bytes:
    """Also what JSON does not know: NaN, numbers beyond 64 bits."""
    try:
        return orjson.dumps(said, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return repr(said).replace("'", '"').encode(errors="replace")


COMMANDS: Final = [
    orjson.dumps({"id": "c-1", "issuer": "监管", "expires": SOON, "fact": kind, "values": values})
    for kind, values in SAID.items()
]
LINES: Final = [
    orjson.dumps({"verb": "enter", "fact": kind, "values": values, "by": "马师傅", "at": SOON}) + b"\n"
    for kind, values in SAID.items()
]


# --- what people say --------------------------------------------------------------------------------------


class Disk:
    """The journal of a site that has no disk: takes what a journal can take."""

    def __init__(self) -> None:
        self.recording: Recording | None = None
        self.newest: dict[str, Newest] = {}

    def record(self, kind: str, at: Instant, body: bytes, trail: Index | None = None) -> None:
        assert abs(at) < LARGEST, at
        said = orjson.loads(body)
        assert said["kind"] == kind
        if trail is not None:
            assert max(abs(trail.since), abs(trail.until)) < LARGEST, trail

    async def flush(self) -> None:
        assert self.recording is not None
        for row in self.recording.changed():
            assert row.body is None or orjson.loads(row.body) is not None
        self.recording.kept(())

    async def newest_record(self, record: str) -> Newest | None:
        return self.newest.get(record)


@cache
def _site(name: str) -> Settings:
    with as_file(files("config") / "examples" / f"{name}.yaml") as path:
        return gateway.load(path)


_sites: Final[dict[str, tuple[Recording, Entering]]] = {}
_visits: Final[Counter[str]] = Counter()


def _opened(name: str) -> tuple[Recording, Entering]:
    """Of a site that has seen a few things; now and then of one that has not."""
    _visits[name] += 1
    if name not in _sites or not _visits[name] % VISITS:
        _sites[name] = _founded(name)
    return _sites[name]


def _founded(name: str) -> tuple[Recording, Entering]:
    settings, disk = _site(name), Disk()
    found: dict[str, Newest | None] = {}
    corrections = Corrections(found)
    derived = recorders(settings, DRIVERS)
    held = holds(settings, DRIVERS, derived)
    recording = Recording(
        [*derived, corrections, held, Commanded()],
        journal=disk,
        notice=lambda _: None,
        amended=corrections.amended,
    )
    disk.recording = recording
    return recording, Entering(recording, disk, found, lambda: NOW)


SITES: Final = ("slaughterhouse", "truck", "coldstore")


def _facts() -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    facts = [{"fact": kind, "values": SAID[kind], "by": "马师傅", "at": SOON, "reason": "y"} for kind in SAID]
    return st.tuples(st.sampled_from(SITES), altered(facts))


def enter(given: list[tuple[str, dict[str, Any]]]) -> None:
    """One after the other, at one site."""
    recording, entering = _opened(given[0][0])
    for _, request in given:
        try:
            at_once(entering.enter(request))
        except Refused as refused:
            _told(refused)
        recording.tick(NOW)
    assert recording.failures == {}


def _command(given: tuple[str, bytes]) -> None:
    verb, payload = given
    identity(payload)
    try:
        command = judge(Message(verb, payload), frozenset(VERBS), NOW, knows_time=True, known=())
        if command.verb != "read":
            recording, entering = _opened("slaughterhouse")
            at_once(entering.enter(command.request))
            assert recording.failures == {}
    except Refused as refused:
        _told(refused)


def _ask(line: bytes) -> None:
    _, entering = _opened("coldstore")
    answer = at_once(ControlSocket(Path("unused"), {"enter": entering.enter})._answer(line, "root"))
    assert orjson.loads(orjson.dumps(answer, option=orjson.OPT_NON_STR_KEYS))["ok"] in (True, False)
    assert answer.get("error") not in ("failed", "facts.failed"), answer


def _told(refused: Refused) -> None:
    """It can be said to a person."""
    assert refused.error != "facts.failed", refused
    for lang in LANGS:
        assert sentence(lang, refused.text, refused.values)


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """The result of what never has to wait."""
    try:
        work.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    raise AssertionError("it waits for something")


def hold(payload: bytes) -> None:
    try:
        new = read_list(payload)
    except Malformed:
        return
    recording, _ = _opened("slaughterhouse")
    try:
        recording.enter(Fact(NOW, NOW, KIND, {"list": new}, "platform", "uplink"))
    except Unfit as unfit:
        _told(Refused(f"facts.{unfit.key}", **unfit.values))
    assert recording.failures == {}
    recording.tick(NOW)
    disk = Disk()
    disk.recording = recording
    at_once(disk.flush())


# --- evidence ---------------------------------------------------------------------------------------------


def _sealed() -> bytes:
    """An export: blocks and seals of both lanes."""
    with tempfile.TemporaryDirectory() as folder:
        box = Box(Path(folder))
        box.written()
        return b"".join(line.rstrip(b"\n") + b"\n" for line in export(box.path))


def _verify(lines: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(lines)
        for rules in (EXPORT, CAPTURE):
            verify(Lines(Path(file.name), rules), KEY.public)


# --- settings ---------------------------------------------------------------------------------------------


def _files() -> list[bytes]:
    folders = (CHECKOUT / "config" / "examples", CHECKOUT / "tests" / "configs" / "good")
    return [path.read_bytes() for folder in folders for path in sorted(folder.glob("*.yaml"))]


def _load(raw: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".yaml") as file:
        Path(file.name).write_bytes(raw)
        try:
            gateway.load(Path(file.name))
        except SettingsError as error:
            told = [show.problems(error, lang) for lang in LANGS]
        else:
            return
    assert all(told)


def _smallest(rest: str) -> bytes:
    return b"gateway: {id: a, operator: {name: a}, site: {name: a}, timezone: UTC}\n" + rest.encode()


BOMBS: Final[list[Callable[[], bytes]]] = [
    lambda: b"a: &a [x]\n" + b"".join(b"b%d: &b%d [*a, *a, *a]\n" % (at, at) for at in range(5000)),
    lambda: b"[" * 100_000,
    lambda: b"a: " + b"{b: " * 50_000,
    lambda: b"- " * 100_000,
    lambda: b"a: " + b"9" * 200_000,
    lambda: b"a: 0x" + b"f" * 200_000,
    lambda: b"a: 1e" + b"9" * 200_000,
    lambda: b"a: \x00",
    lambda: "网关: {}".encode("gb18030"),
    lambda: "gateway: {}".encode("utf-16"),
    lambda: b"a: b\n" * 200_000,
    lambda: b"x" * (1 << 20),
    lambda: b"\n" * 250_000,
    lambda: b"a: |\n" + b"  x\n" * 60_000,
    lambda: b"".join(b"k%d: v\n" % at for at in range(20_000)),
    lambda: _smallest("devices:\n" + "".join(f"  d{at}: {{drivr: x}}\n" for at in range(10_000))),
    lambda: _smallest("ports:\n" + "".join(f"  p{at}: {{serial: /dev/ttyS{at}}}\n" for at in range(7_000))),
    lambda: _smallest("places:\n" + "".join(f"  p{at}: {{kind: zone, name: x}}\n" for at in range(7_000))),
    lambda: _smallest(
        "places:\n"
        + "".join(f"  p{at}: {{kind: compartment, name: x, within: p{at + 1}}}\n" for at in range(5_000))
    ),
    lambda: _smallest(
        "alarms:\n" + "".join(f"  a{at}: {{points: [x.y], above: 1}}\n" for at in range(6_000))
    ),
]
"""What is meant to choke a reader, and files as long as may be."""
