"""Ways to break ``tests/configs/good/whole.yaml``, one a row, and what must be said of each.

``old`` stands once in the file and is replaced by ``new``; the mark ‸ in ``new`` is where the problem must
point (it is not part of the text). ``says`` is a piece of the English sentence. Where the problem points
elsewhere, ``at`` is a text that stands there and nowhere else. One mistake is one problem; ``also`` counts
the others that it brings along where that cannot be helped.
"""

from __future__ import annotations

from typing import NamedTuple


class Broken(NamedTuple):
    """One mistake."""

    old: str
    new: str
    path: str
    key: str
    says: str
    at: str = ""
    also: int = 0


AIR = "  chiller-1-air:\n"
PASSWORD = "password: {credential: mqtt-password}"
KEEP = "keep: {records: 5y, telemetry: 30d}"
OPERATOR = 'licence: "91622926MA00000004"'
MQTT = "platform.mqtt"
POINTS = "points: [[10.9, 11.3], [75.0, 75.3]]"
BODY_POINTS = "devices.body-air.adjust.humidity.points"
CORE_THIN = "thin: {change: 0.1, at_least: 2min}"
FIX_THIN = "{distance: 50m, turn: 20deg, at_least: 60s}"
TAG = "devices.dock-tag.points"

KEYS = [
    Broken("gateway:\n", "‸gatway:\n", "gatway", "unknown_key_near", "did you mean gateway?"),
    Broken("gateway:\n", "‸gateways:\n", "gateways", "unknown_key_near", "did you mean gateway?"),
    Broken("journal:\n", "‸jurnal:\n", "jurnal", "unknown_key_near", "did you mean journal?"),
    Broken("uplinks:\n", "‸uplink:\n", "uplink", "unknown_key_near", "did you mean uplinks?"),
    Broken("ports:\n", "‸port:\n", "port", "unknown_key_near", "did you mean ports?"),
    Broken("places:\n", "‸Places:\n", "Places", "unknown_key_near", "did you mean places?"),
    Broken("devices:\n", "‸device:\n", "device", "unknown_key_near", "did you mean devices?"),
    Broken("clock: {", "‸zzz: {", "zzz", "unknown_key", "known are: gateway, clock, journal"),
    Broken("  id: dx", "  ‸Id: dx", "gateway.Id", "unknown_key_near", "did you mean id?"),
    Broken("  timezone:", "  ‸time_zone:", "gateway.time_zone", "unknown_key_near", "did you mean timezone?"),
    Broken("licence:", "‸license:", "gateway.operator.license", "unknown_key_near", "did you mean licence?"),
    Broken(
        "    division:",
        "    ‸county:",
        "gateway.site.county",
        "unknown_key",
        "known are: name, gln, division",
    ),
    Broken("trust:", "‸trusts:", "clock.trusts", "unknown_key_near", "did you mean trust?"),
    Broken(
        "commit_every:",
        "‸commit-every:",
        "journal.commit-every",
        "unknown_key_near",
        "did you mean commit_every?",
    ),
    Broken("max_size:", "‸maxsize:", "journal.maxsize", "unknown_key_near", "did you mean max_size?"),
    Broken(
        "max_size:",
        "‸max_size_bytes:",
        "journal.max_size_bytes",
        "unknown_key_near",
        "did you mean max_size?",
    ),
    Broken(
        "{records: 5y", "{‸record: 5y", "journal.keep.record", "unknown_key_near", "did you mean records?"
    ),
    Broken("      username: dx", "      ‸user: dx", f"uplinks.{MQTT}.user", "unknown_key_near", "username"),
    Broken(
        "      ca: ", "      ‸cafile: ", f"uplinks.{MQTT}.cafile", "unknown_key", "known are: url, username"
    ),
    Broken(
        "      keepalive:",
        "      ‸keep_alive:",
        f"uplinks.{MQTT}.keep_alive",
        "unknown_key_near",
        "keepalive?",
    ),
    Broken(
        "    catch_up:",
        "    ‸catchup:",
        "uplinks.platform.catchup",
        "unknown_key_near",
        "did you mean catch_up?",
    ),
    Broken("    parity:", "    ‸partiy:", "ports.probes.partiy", "unknown_key_near", "did you mean parity?"),
    Broken(
        "    timeout: 400ms",
        "    ‸timeout_s: 400ms",
        "ports.probes.timeout_s",
        "unknown_key_near",
        "timeout?",
    ),
    Broken(
        "{kind: station, name", "{kind: station, ‸nmae", "places.stunning.nmae", "unknown_key_near", "name?"
    ),
    Broken(
        "radius: 250m", "‸radus: 250m", "places.lanzhou.at.radus", "unknown_key_near", "did you mean radius?"
    ),
    Broken("    repeat: 20s", "    ‸reapeat: 20s", "devices.ear-tags.reapeat", "unknown_key_near", "repeat?"),
    Broken(
        "    every: 10s",
        "    ‸evry: 10s",
        "devices.chiller-1-air.evry",
        "unknown_key_near",
        "did you mean every?",
    ),
    Broken(
        "certificate: JL",
        "‸cert: JL",
        "devices.chiller-1-air.instrument.cert",
        "unknown_key",
        "serial, calibrated",
    ),
    Broken(
        "{offset: -0.3}",
        "{‸ofset: -0.3}",
        "devices.chiller-1-air.adjust.temperature.ofset",
        "unknown_key_near",
        "offset?",
    ),
    Broken(
        AIR + "    driver: modbus\n    port: panel\n    unit: 1\n",
        AIR + "    driver: modbus\n    port: panel\n    unit: 1\n    ‸chanel: 3\n",
        *("devices.chiller-1-air.chanel", "unknown_key_near", "did you mean channel?"),
    ),
    Broken(
        "    repeat: 20s",
        "    repeat: 20s\n    ‸unit: 1",
        "devices.ear-tags.unit",
        "unknown_key",
        "adjust, driver",
    ),
    Broken(
        "    repeat: 20s",
        "    repeat: 20s\n    ‸options: {}",
        "devices.ear-tags.options",
        "unknown_key",
        "known",
    ),
    Broken(
        "every: 5s",
        "every: 5s, ‸profile: xy-md02",
        "devices.position.profile",
        "unknown_key",
        "not known here",
    ),
]

MISSING = [
    Broken("  id: dx-yidong-01\n", "", "gateway.id", "missing", "id is missing; add it", "gateway:"),
    Broken(
        f"{{name: 伊东羊业科技有限公司, {OPERATOR}",
        f"{{{OPERATOR}",
        "gateway.operator.name",
        "missing",
        "name",
        "operator:",
    ),
    Broken("    name: 东乡屠宰场\n", "", "gateway.site.name", "missing", "name is missing", "site:"),
    Broken(
        "  path: /var/lib/tagtrail/journal.db\n", "", "journal.path", "missing", "path is missing", "journal:"
    ),
    Broken(
        '      url: "mqtts://broker.example:8884"\n',
        "",
        f"uplinks.{MQTT}.url",
        "missing",
        "url is missing",
        "mqtt:\n",
    ),
    Broken(
        "{kind: station, name: 击晕点}",
        "{name: 击晕点}",
        "places.stunning.kind",
        "missing",
        "kind is missing",
        "stunning: {",
    ),
    Broken("{lat: 36.0611, ", "{", "places.lanzhou.at.lat", "missing", "lat is missing", "at: {lon"),
    Broken(", radius: 250m", "", "places.lanzhou.at.radius", "missing", "radius is missing", "at: {lat: 36"),
    Broken(
        "    driver: wl134\n", "", "devices.ear-tags.driver", "missing", "driver is missing", "ear-tags:\n"
    ),
    Broken("    port: ear\n", "", "devices.ear-tags.port", "missing", "port is missing", "ear-tags:\n"),
    Broken(
        "{serial: PT-0311, ",
        "{",
        "devices.chiller-1-air.instrument.serial",
        "missing",
        "serial is missing",
        "instrument:",
    ),
    Broken("unit: 2, ", "", "devices.body-air.unit", "missing", "unit is missing", "body-air:"),
    Broken(
        "profile: xy-md02, ", "", "devices.body-air.profile", "missing", "profile is missing", "body-air:"
    ),
]

EMPTY = [
    Broken(
        "  timezone: Asia/Shanghai", "  timezone:‸ ", "gateway.timezone", "empty", "write a value or delete"
    ),
    Broken("trust: system", "trust: ‸null", "clock.trust", "empty", "nothing stands here"),
    Broken(
        "clock: {trust: system, hold_unsynced: 15min, set_from: [ntp, gnss]}",
        "clock:‸",
        "clock",
        "empty",
        "nothing stands here",
    ),
    Broken("  id: dx-yidong-01", "  id: ‸~", "gateway.id", "empty", "nothing stands here"),
    Broken(
        "    catch_up: 200kB/s", "    catch_up:‸", "uplinks.platform.catch_up", "empty", "nothing stands here"
    ),
    Broken(
        "serial: /dev/serial/by-id/probes",
        "serial:‸",
        "ports.probes.serial",
        "empty",
        "nothing stands here",
        also=1,
    ),
    Broken("    place: stunning", "    place:‸", "devices.ear-tags.place", "empty", "nothing stands here"),
    Broken(
        "    unit: 1\n    channel: 1\n",
        "    unit:‸\n    channel: 1\n",
        "devices.chiller-1-air.unit",
        "empty",
        "nothing",
    ),
    Broken(" {kind: station, name: 击晕点}", "‸", "places.stunning", "empty", "nothing stands here"),
    Broken("name: 东乡屠宰场", 'name: ‸""', "gateway.site.name", "empty_text", "the text is empty"),
    Broken(
        "username: dx-yidong-01\n", 'username: ‸""\n', f"uplinks.{MQTT}.username", "empty_text", "is empty"
    ),
    Broken("name: 东乡屠宰场", "name: ‸" + "东" * 201, "gateway.site.name", "long_text", "longer than 200"),
]

TYPES = [
    Broken('"91622926MA00000004"', "‸91622926", "gateway.operator.licence", "quote", 'in quotes: "91622926"'),
    Broken('gln: "6901234000016"', "gln: ‸6901234000016", "gateway.operator.gln", "quote", '"6901234000016"'),
    Broken('division: "622926"', "division: ‸622926", "gateway.site.division", "quote", '"622926"'),
    Broken(
        'division: "622926"', "division: ‸0622926", "gateway.site.division", "division", "6 digits, in quotes"
    ),
    Broken("name: 东乡屠宰场", "name: ‸0123", "gateway.site.name", "leading_zero", "0123 begins with 0"),
    Broken("id: dx-yidong-01", "id: ‸7", "gateway.id", "quote", 'in quotes: "7"'),
    Broken("id: dx-yidong-01", "id: ‸1e3", "gateway.id", "quote", 'in quotes: "1e3"'),
    Broken("serial: PT-0311", "serial: ‸311", "devices.chiller-1-air.instrument.serial", "quote", '"311"'),
    Broken("name: 东乡屠宰场", "name: ‸true", "gateway.site.name", "text", "must be a text, not true"),
    Broken("name: 东乡屠宰场", "name: ‸[a]", "gateway.site.name", "text", "must be a text, not […]"),
    Broken("name: 东乡屠宰场", "name: ‸{a: b}", "gateway.site.name", "text", "must be a text, not {…}"),
    Broken('version: "3.1.1"', "version: ‸5", f"uplinks.{MQTT}.version", "quote", 'in quotes: "5"'),
    Broken("data_bits: 7", 'data_bits: ‸"7"', "ports.probes.data_bits", "unquote", "write it without quotes"),
    Broken("baud: 19200", 'baud: ‸"19200"', "ports.probes.baud", "unquote", "19200 is a number"),
    Broken("setpoint: 2.0", 'setpoint: ‸"2"', "places.chiller-1.setpoint", "unquote", "without quotes"),
    Broken("setpoint: 2.0", "setpoint: 2,‸0", "places.chiller-1.0", "unknown_key", "0 is not known"),
    Broken(
        "setpoint: 2.0",
        "setpoint: ‸cold",
        "places.chiller-1.setpoint",
        "number",
        "must be a number, not cold",
    ),
    Broken(
        "setpoint: 2.0",
        "setpoint: ‸.nan",
        "places.chiller-1.setpoint",
        "number",
        "must be a number, not .nan",
    ),
    Broken("setpoint: 2.0", "setpoint: ‸-.inf", "places.chiller-1.setpoint", "number", "must be a number"),
    Broken("setpoint: 2.0", "setpoint: ‸02", "places.chiller-1.setpoint", "leading_zero", "02 begins with 0"),
    Broken(
        "offset: -0.3", "offset: ‸yes", "devices.chiller-1-air.adjust.temperature.offset", "number", "not yes"
    ),
    Broken(
        "clock: {trust: system, hold_unsynced: 15min, set_from: [ntp, gnss]}",
        "clock: ‸system",
        "clock",
        "mapping",
        "must be a group of keys",
    ),
    Broken("{kind: station, name: 击晕点}", "‸station", "places.stunning", "mapping", "not station"),
    Broken("{kind: station, name: 击晕点}", "‸[station]", "places.stunning", "mapping", "not […]"),
    Broken(
        '    mqtt: {url: "mqtt://10.0.0.7"',
        '    mqtt: ‸[]\n    http: {url: "mqtt://10.0.0.7"',
        "uplinks.second.mqtt",
        "mapping",
        "must be a group of keys",
        also=1,
    ),
    Broken(
        "at: {lat: 36.0611, lon: 103.8343, radius: 250m}",
        "at: ‸here",
        "places.lanzhou.at",
        "mapping",
        "not here",
    ),
    Broken("{temperature: {offset: -0.3}}", "‸-0.3", "devices.chiller-1-air.adjust", "mapping", "not -0.3"),
    Broken("{offset: -0.3}", "‸-0.3", "devices.chiller-1-air.adjust.temperature", "mapping", "not -0.3"),
    Broken("    driver: wl134", "    driver: ‸134", "devices.ear-tags.driver", "quote", '"134"'),
    Broken("    port: ear\n", "    port: ‸1\n", "devices.ear-tags.port", "quote", '"1"'),
    Broken("unit: 2,", "unit: ‸two,", "devices.body-air.unit", "whole_number", "not two"),
    Broken("unit: 2,", "unit: ‸1.5,", "devices.body-air.unit", "whole_number", "not 1.5"),
    Broken("unit: 2,", "unit: ‸[2],", "devices.body-air.unit", "whole_number", "not […]"),
    Broken("channel: 2", "channel: ‸second", "devices.chiller-1-core.channel", "whole_number", "not second"),
]

CHOICES = [
    Broken("trust: system", "trust: ‸sytem", "clock.trust", "one_of_near", "did you mean system?"),
    Broken("trust: system", "trust: ‸true", "clock.trust", "one_of", "possible are: system"),
    Broken("start: now", "start: ‸newest", "uplinks.platform.start", "one_of", "possible are: oldest, now"),
    Broken("start: now", "start: ‸olest", "uplinks.platform.start", "one_of_near", "did you mean oldest?"),
    Broken(
        'version: "3.1.1"', 'version: ‸"3.1"', f"uplinks.{MQTT}.version", "one_of_near", "did you mean 3.1.1?"
    ),
    Broken(
        'version: "3.1.1"', 'version: ‸"4"', f"uplinks.{MQTT}.version", "one_of", "possible are: 5, 3.1.1"
    ),
    Broken("baud: 19200", "baud: ‸1920", "ports.probes.baud", "one_of_near", "did you mean 19200?"),
    Broken("baud: 19200", "baud: ‸7", "ports.probes.baud", "one_of", "possible are: 300, 600"),
    Broken("baud: 19200", "baud: ‸fast", "ports.probes.baud", "one_of", "fast is not possible"),
    Broken("parity: even", "parity: ‸E", "ports.probes.parity", "one_of", "possible are: none, even, odd"),
    Broken("parity: even", "parity: ‸Even", "ports.probes.parity", "one_of_near", "did you mean even?"),
    Broken("parity: even", "parity: ‸NO", "ports.probes.parity", "one_of_near", "did you mean none?"),
    Broken("data_bits: 7", "data_bits: ‸6", "ports.probes.data_bits", "one_of", "possible are: 7, 8"),
    Broken("stop_bits: 2", "stop_bits: ‸3", "ports.ear.stop_bits", "one_of", "possible are: 1, 2"),
    Broken("stop_bits: 2", "stop_bits: ‸1.5", "ports.ear.stop_bits", "one_of", "1.5 is not possible"),
    Broken("kind: station", "kind: ‸sation", "places.stunning.kind", "one_of_near", "did you mean station?"),
    Broken("kind: vehicle", "kind: ‸truck", "places.truck.kind", "one_of", "lairage, station"),
    Broken(
        "kind: chiller", "kind: ‸cold_room", "places.chiller-1.kind", "one_of_near", "did you mean cold-room?"
    ),
]

MEASURES = [
    Broken("commit_every: 2s", "commit_every: ‸2", "journal.commit_every", "unit_missing", "2 has no unit"),
    Broken(
        "commit_every: 2s", 'commit_every: ‸"2"', "journal.commit_every", "unit_missing", "such as 2ms, 2s"
    ),
    Broken(
        "commit_every: 2s", "commit_every: ‸2sec", "journal.commit_every", "measure_near", "did you mean 2s?"
    ),
    Broken(
        "commit_every: 2s", "commit_every: ‸2 s", "journal.commit_every", "measure_near", "did you mean 2s?"
    ),
    Broken(
        "commit_every: 2s", "commit_every: ‸2秒", "journal.commit_every", "measure_near", "did you mean 2s?"
    ),
    Broken(
        "commit_every: 2s", "commit_every: ‸often", "journal.commit_every", "duration", "write it as 300ms"
    ),
    Broken("commit_every: 2s", "commit_every: ‸-2s", "journal.commit_every", "duration", "-2s is no time"),
    Broken(
        "commit_every: 2s", "commit_every: ‸2fortnights", "journal.commit_every", "duration", "is no time"
    ),
    Broken(
        "commit_every: 2s", "commit_every: ‸0s", "journal.commit_every", "measure_low", "the least is 1ms"
    ),
    Broken(
        "commit_every: 2s", "commit_every: ‸2h", "journal.commit_every", "measure_high", "the most is 60s"
    ),
    Broken("commit_every: 2s", "commit_every: ‸[2s]", "journal.commit_every", "duration", "[…] is no time"),
    Broken("commit_every: 2s", "commit_every: ‸true", "journal.commit_every", "duration", "true is no time"),
    Broken(
        "commit_every: 2s",
        "commit_every: ‸12:30:45",
        "journal.commit_every",
        "duration",
        "12:30:45 is no time",
    ),
    Broken("max_size: 4GiB", "max_size: ‸4", "journal.max_size", "unit_missing", "such as 4MB, 4GB"),
    Broken("max_size: 4GiB", "max_size: ‸4gb", "journal.max_size", "measure_near", "did you mean 4GB?"),
    Broken("max_size: 4GiB", "max_size: ‸4G", "journal.max_size", "measure_near", "did you mean 4GB?"),
    Broken("max_size: 4GiB", "max_size: ‸big", "journal.max_size", "size", "big is no size"),
    Broken("max_size: 4GiB", "max_size: ‸4kB", "journal.max_size", "measure_low", "the least is 1MB"),
    Broken("records: 5y", "records: ‸5 years", "journal.keep.records", "measure_near", "did you mean 5y?"),
    Broken("records: 5y", "records: ‸1h", "journal.keep.records", "measure_low", "the least is 1d"),
    Broken("telemetry: 30d", "telemetry: ‸30", "journal.keep.telemetry", "unit_missing", "30 has no unit"),
    Broken("keepalive: 45s", "keepalive: ‸45", f"uplinks.{MQTT}.keepalive", "unit_missing", "45 has no unit"),
    Broken("keepalive: 45s", "keepalive: ‸1s", f"uplinks.{MQTT}.keepalive", "measure_low", "the least is 5s"),
    Broken(
        "keepalive: 45s", "keepalive: ‸1d", f"uplinks.{MQTT}.keepalive", "measure_high", "the most is 10min"
    ),
    Broken("200kB/s", "‸200kB", "uplinks.platform.catch_up", "rate", "200kB is no rate"),
    Broken("200kB/s", "‸200kbps", "uplinks.platform.catch_up", "measure_near", "did you mean 200kB/s?"),
    Broken("200kB/s", "‸1B/s", "uplinks.platform.catch_up", "measure_low", "the least is 1kB/s"),
    Broken("timeout: 400ms", "timeout: ‸400", "ports.probes.timeout", "unit_missing", "400 has no unit"),
    Broken("timeout: 400ms", "timeout: ‸1ms", "ports.probes.timeout", "measure_low", "the least is 10ms"),
    Broken("timeout: 400ms", "timeout: ‸2min", "ports.probes.timeout", "measure_high", "the most is 60s"),
    Broken("radius: 250m", "radius: ‸250", "places.lanzhou.at.radius", "unit_missing", "such as 250m, 250km"),
    Broken("radius: 250m", "radius: ‸far", "places.lanzhou.at.radius", "distance", "far is no distance"),
    Broken("radius: 250m", "radius: ‸1m", "places.lanzhou.at.radius", "measure_low", "the least is 10m"),
    Broken(
        "radius: 250m", "radius: ‸0.2公里", "places.lanzhou.at.radius", "measure_near", "did you mean 0.2km?"
    ),
    Broken("every: 10s", "every: ‸10", "devices.chiller-1-air.every", "unit_missing", "10 has no unit"),
    Broken("every: 10s", "every: ‸10m", "devices.chiller-1-air.every", "measure_near", "did you mean 10min?"),
    Broken("every: 10s", "every: ‸1ms", "devices.chiller-1-air.every", "measure_low", "the least is 10ms"),
    Broken("every: 10s", "every: ‸2d", "devices.chiller-1-air.every", "measure_high", "the most is 1d"),
    Broken("repeat: 20s", "repeat: ‸0s", "devices.ear-tags.repeat", "measure_low", "the least is 1s"),
    Broken("repeat: 20s", "repeat: ‸never", "devices.ear-tags.repeat", "duration", "never is no time"),
]

RANGES = [
    Broken("lat: 36.0611", "lat: ‸96.0611", "places.lanzhou.at.lat", "at_most", "the most is 90"),
    Broken("lat: 36.0611", "lat: ‸-96", "places.lanzhou.at.lat", "at_least", "the least is -90"),
    Broken("lon: 103.8343", "lon: ‸1038343", "places.lanzhou.at.lon", "at_most", "the most is 180"),
    Broken("unit: 2,", "unit: ‸0,", "devices.body-air.unit", "at_least", "the least is 1"),
    Broken("unit: 2,", "unit: ‸-1,", "devices.body-air.unit", "at_least", "the least is 1"),
    Broken("unit: 2,", "unit: ‸248,", "devices.body-air.unit", "at_most", "the most is 247"),
    Broken("channel: 2", "channel: ‸9", "devices.chiller-1-core.channel", "unknown_channel", "has 1 to 8"),
    Broken("channel: 2", "channel: ‸0", "devices.chiller-1-core.channel", "unknown_channel", "no channel 0"),
    Broken(
        "unit: 2,", "unit: 2, channel: ‸1,", "devices.body-air.channel", "channel_unused", "has no channels"
    ),
]

FORMS = [
    Broken("id: dx-yidong-01", "id: ‸DX-Yidong", "gateway.id", "name", "use a-z, 0-9 and -"),
    Broken("id: dx-yidong-01", "id: ‸dx_yidong", "gateway.id", "name", "dx_yidong cannot be a name"),
    Broken("id: dx-yidong-01", "id: ‸-dx", "gateway.id", "name", "cannot be a name"),
    Broken("id: dx-yidong-01", "id: ‸" + "x" * 64, "gateway.id", "name", "at most 63"),
    Broken("id: dx-yidong-01", "id: ‸东乡", "gateway.id", "name", "东乡 cannot be a name"),
    Broken(
        'gln: "6901234000016"',
        'gln: ‸"6901234000017"',
        "gateway.operator.gln",
        "gln_check",
        "would be 6901234000016",
    ),
    Broken(
        'operator: {name: 伊东羊业科技有限公司, licence: "91622926MA00000004", gln: "6901234000016"}',
        'operator: {name: 伊东, gln: ‸"690123400001"}',
        "gateway.operator.gln",
        "gln",
        "13 digits",
    ),
    Broken('gln: "6901234000023"', "gln: ‸O901234000023", "gateway.site.gln", "gln", "13 digits, in quotes"),
    Broken(
        'gln: "6901234000030"', 'gln: ‸"6901234000031"', "places.chiller-1.gln", "gln_check", "6901234000030"
    ),
    Broken('division: "622926"', 'division: ‸"62292"', "gateway.site.division", "division", "6 digits"),
    Broken("Asia/Shanghai", "‸Asia/Shanghia", "gateway.timezone", "unknown_timezone_near", "Asia/Shanghai?"),
    Broken("Asia/Shanghai", "‸GMT+25", "gateway.timezone", "unknown_timezone_near", "did you mean"),
    Broken("Asia/Shanghai", "‸qqqqq", "gateway.timezone", "unknown_timezone", "write it as Asia/Shanghai"),
    Broken("Asia/Shanghai", "‸../../etc/passwd", "gateway.timezone", "unknown_timezone", "no time zone"),
    Broken("Asia/Shanghai", "‸8", "gateway.timezone", "quote", '"8"'),
    Broken(
        "path: /var/lib/tagtrail/journal.db",
        "path: ‸journal.db",
        "journal.path",
        "absolute_path",
        "begin it with /",
    ),
    Broken(
        "ca: /etc/tagtrail/ca.pem", "ca: ‸~/ca.pem", f"uplinks.{MQTT}.ca", "absolute_path", "begin it with /"
    ),
    Broken(
        "serial: /dev/serial/by-id/probes",
        "serial: ‸COM3",
        "ports.probes.serial",
        "absolute_path",
        "COM3 is not",
    ),
    Broken('"192.168.1.50:502"', "‸192.168.1.50", "ports.panel.tcp", "host_port", 'as "192.168.1.50:502"'),
    Broken(
        '"192.168.1.50:502"', "‸192.168.1.500:502", "ports.panel.tcp", "host_port", "no address of a device"
    ),
    Broken('"192.168.1.50:502"', "‸192.168.1.50:0", "ports.panel.tcp", "host_port", "no address of a device"),
    Broken(
        '"192.168.1.50:502"', "‸192.168.1.50:70000", "ports.panel.tcp", "host_port", "no address of a device"
    ),
    Broken('"192.168.1.50:502"', "‸panel one:502", "ports.panel.tcp", "host_port", "no address of a device"),
    Broken(
        '"192.168.1.50:502"', '‸"[fe80::zz]:502"', "ports.panel.tcp", "host_port", "no address of a device"
    ),
    Broken('"192.168.1.50:502"', "‸502", "ports.panel.tcp", "host_port", '"192.168.1.50:502"'),
    Broken('"192.168.1.50:502"', "‸[192.168.1.50, 502]", "ports.panel.tcp", "host_port", "no address"),
    Broken(
        'url: "mqtts://broker.example:8884"',
        'url: ‸"broker.example:8884"',
        f"uplinks.{MQTT}.url",
        "url_scheme",
        "mqtts://",
    ),
    Broken(
        'url: "mqtts://broker.example:8884"',
        'url: ‸"https://broker.example"',
        f"uplinks.{MQTT}.url",
        "url_scheme",
        "begin it",
    ),
    Broken(
        'url: "mqtts://broker.example:8884"',
        'url: ‸"mqtts://"',
        f"uplinks.{MQTT}.url",
        "url_host",
        "nothing after it",
    ),
    Broken(
        'url: "mqtts://broker.example:8884"',
        'url: ‸"mqtts://broker/x"',
        f"uplinks.{MQTT}.url",
        "url_host",
        "nothing after",
    ),
    Broken(
        'url: "mqtts://broker.example:8884"',
        'url: ‸"mqtts://broker:99999"',
        f"uplinks.{MQTT}.url",
        "url_host",
        "no address",
    ),
    Broken(
        'url: "mqtts://broker.example:8884"',
        'url: ‸"mqtts://me:pw@broker"',
        f"uplinks.{MQTT}.url",
        "url_credentials",
        "never",
    ),
    Broken(
        "commands: [enter, read]",
        "commands: [enter, ‸raed]",
        "uplinks.second.mqtt.commands[1]",
        "one_of_near",
        "did you mean read?",
    ),
    Broken("root: meat", "root: ‸meat/east", f"uplinks.{MQTT}.root", "topic_root", "without / + # $"),
    Broken("root: meat", 'root: ‸"#"', f"uplinks.{MQTT}.root", "topic_root", "first level of a topic"),
    Broken("root: meat", "root: ‸$SYS", f"uplinks.{MQTT}.root", "topic_root", "first level of a topic"),
    Broken(
        "calibrated: 2026-03-01",
        "calibrated: ‸2026-13-01",
        "devices.chiller-1-air.instrument.calibrated",
        "date",
        "year, month and day",
    ),
    Broken(
        "calibrated: 2026-03-01",
        "calibrated: ‸1.3.2026",
        "devices.chiller-1-air.instrument.calibrated",
        "date",
        "1.3.2026 is no date",
    ),
    Broken(
        "calibrated: 2026-03-01",
        "calibrated: ‸20260301",
        "devices.chiller-1-air.instrument.calibrated",
        "date",
        "is no date",
    ),
    Broken(
        "due: 2027-03-01",
        "due: ‸2025-03-01",
        "devices.chiller-1-air.instrument.due",
        "due_before",
        "2026-03-01",
    ),
    Broken("  ear: {", "  ‸Ear_1: {", "ports.Ear_1", "name", "Ear_1 cannot be a name", also=1),
    Broken(
        "  second:\n",
        "  ‸second uplink:\n",
        "uplinks.second uplink",
        "name",
        "second uplink cannot be a name",
    ),
    Broken("  lanzhou: {", "  ‸兰州: {", "places.兰州", "name", "兰州 cannot be a name"),
    Broken(
        "  body-control: {", "  ‸body.control: {", "devices.body.control", "name", "cannot be a name", also=3
    ),
    Broken(
        "{temperature: {",
        "{‸Temperature: {",
        "devices.chiller-1-air.adjust.Temperature",
        "quantity",
        "temperature",
    ),
]

CALIBRATION = [
    Broken(POINTS, "points: ‸0.4", BODY_POINTS, "list", "not 0.4"),
    Broken(POINTS, "points: ‸[]", BODY_POINTS, "points_few", "and here are 0"),
    Broken(POINTS, "points: ‸[[10.9, 11.3]]", BODY_POINTS, "points_few", "or write offset"),
    Broken(POINTS, "points: [‸10.9, 11.3]", f"{BODY_POINTS}[0]", "point", "10.9 is no point", also=1),
    Broken(POINTS, "points: [[10.9, 11.3], ‸[75.0]]", f"{BODY_POINTS}[1]", "point", "[0.0, 0.3]"),
    Broken(POINTS, "points: [[10.9, 11.3], ‸[75.0, 75.3, 1]]", f"{BODY_POINTS}[1]", "point", "a pair"),
    Broken(POINTS, "points: [[10.9, 11.3], ‸{75.0: 75.3}]", f"{BODY_POINTS}[1]", "point", "{…} is no point"),
    Broken(POINTS, "points: [[10.9, ‸high], [75.0, 75.3]]", f"{BODY_POINTS}[0][1]", "number", "not high"),
    Broken(POINTS, "points: [[‸.inf, 11.3], [75.0, 75.3]]", f"{BODY_POINTS}[0][0]", "number", "not .inf"),
    Broken(POINTS, "points: [[10.9, ‸.nan], [75.0, 75.3]]", f"{BODY_POINTS}[0][1]", "number", "not .nan"),
    Broken(
        POINTS,
        "points: [[75.0, 75.3], ‸[10.9, 11.3]]",
        f"{BODY_POINTS}[1]",
        "points_order",
        "the shown value 10.9 does not come after 75.0",
    ),
    Broken(
        POINTS, "points: [[1, 2], [3, 4], ‸[3, 5]]", f"{BODY_POINTS}[2]", "points_order", "by it, each once"
    ),
]

THIN = [
    Broken(CORE_THIN, "thin: ‸60s", "devices.chiller-1-core.thin", "mapping", "a group of keys"),
    Broken(
        CORE_THIN, "thin: {‸chnge: 0.1}", "devices.chiller-1-core.thin.chnge", "unknown_key_near", "change?"
    ),
    Broken(
        CORE_THIN, "thin: {change: ‸0}", "devices.chiller-1-core.thin.change", "at_least", "least is 0.001"
    ),
    Broken(CORE_THIN, "thin: {change: ‸-1}", "devices.chiller-1-core.thin.change", "at_least", "too small"),
    Broken(CORE_THIN, "thin: {change: ‸0.1K}", "devices.chiller-1-core.thin.change", "number", "not 0.1K"),
    Broken(CORE_THIN, "thin: {at_least: ‸0s}", "devices.chiller-1-core.thin.at_least", "measure_low", "1s"),
    Broken(CORE_THIN, "thin: {at_least: ‸2d}", "devices.chiller-1-core.thin.at_least", "measure_high", "1d"),
    Broken(CORE_THIN, "thin: {at_least: ‸60}", "devices.chiller-1-core.thin.at_least", "unit_missing", "60s"),
    Broken(FIX_THIN, "{distance: ‸50}", "devices.position.thin.distance", "unit_missing", "50m"),
    Broken(FIX_THIN, "{distance: ‸0m}", "devices.position.thin.distance", "measure_low", "1m"),
    Broken(FIX_THIN, "{turn: ‸20°}", "devices.position.thin.turn", "measure_near", "20deg"),
    Broken(FIX_THIN, "{turn: ‸181deg}", "devices.position.thin.turn", "measure_high", "180deg"),
    Broken(
        FIX_THIN, "{‸change: 0.1}", "devices.position.thin.change", "thin_readings", "use distance or turn"
    ),
    Broken(
        CORE_THIN,
        "thin: {‸distance: 50m}",
        "devices.chiller-1-core.thin.distance",
        "thin_fixes",
        "distance is for positions",
    ),
    Broken(
        CORE_THIN,
        "thin: {change: 0.1, ‸turn: 20deg}",
        "devices.chiller-1-core.thin.turn",
        "thin_fixes",
        "turn is for positions and chiller-1-core gives none",
    ),
    Broken(
        "    repeat: 20s",
        "    repeat: 20s\n    ‸thin: {at_least: 60s}",
        "devices.ear-tags.thin",
        "thin_sightings",
        "always journalled",
    ),
]

SECRETS = [
    Broken(
        "{key: {credential: sealing",
        "{‸keys: {credential: sealing",
        "evidence.keys",
        "unknown_key_near",
        "key?",
    ),
    Broken("{credential: sealing-key}", "‸MC4CAQAwBQYDK2Vw", "evidence.key", "secret_plain", "never stands"),
    Broken("{credential: sealing-key}", "‸{pem: MC4C}", "evidence.key", "secret_form", "nothing else"),
    Broken(
        PASSWORD, "password: ‸hunter2", f"uplinks.{MQTT}.password", "secret_plain", "never stands in the file"
    ),
    Broken(PASSWORD, "password: ‸123456", f"uplinks.{MQTT}.password", "secret_plain", "{credential: NAME}"),
    Broken(PASSWORD, "password: ‸[hunter2]", f"uplinks.{MQTT}.password", "secret_plain", "never stands"),
    Broken(PASSWORD, "password: ‸{hunter2}", f"uplinks.{MQTT}.password", "secret_form", "nothing else"),
    Broken(
        PASSWORD, "password: ‸{plain: hunter2}", f"uplinks.{MQTT}.password", "secret_form", "nothing else"
    ),
    Broken(PASSWORD, "password: ‸{}", f"uplinks.{MQTT}.password", "secret_form", "where the secret is kept"),
    Broken(
        PASSWORD, "password: ‸{env: A, file: /b}", f"uplinks.{MQTT}.password", "secret_form", "nothing else"
    ),
    Broken(
        PASSWORD, "password: ‸{credential: 123456}", f"uplinks.{MQTT}.password", "secret_form", "nothing else"
    ),
    Broken(
        PASSWORD,
        "password: {credential: ‸a/../b}",
        f"uplinks.{MQTT}.password.credential",
        "secret_form",
        "where",
    ),
    Broken(PASSWORD, "password: {env: ‸my password}", f"uplinks.{MQTT}.password.env", "secret_form", "where"),
    Broken(
        "key: {file: /etc/tagtrail/client.key}",
        "key: ‸/etc/client.key",
        f"uplinks.{MQTT}.key",
        "secret_plain",
        "",
    ),
    Broken(
        "key: {file: /etc/tagtrail/client.key}",
        "key: ‸{env: KEY}",
        f"uplinks.{MQTT}.key",
        "key_file",
        "a file",
    ),
]

TOGETHER = [
    Broken(
        "      username: dx-yidong-01\n",
        "",
        f"uplinks.{MQTT}.password",
        "needs",
        "needs username beside it",
        "{credential: mqtt",
    ),
    Broken(
        "      cert: /etc/tagtrail/client.pem\n",
        "",
        f"uplinks.{MQTT}.key",
        "needs",
        "needs cert beside it",
        "{file: /etc",
    ),
    Broken(
        "      key: {file: /etc/tagtrail/client.key}\n",
        "",
        f"uplinks.{MQTT}.cert",
        "needs",
        "needs key beside it",
        "/etc/tagtrail/client.pem",
    ),
    Broken(
        "mqtts://broker.example",
        "mqtt://broker.example",
        f"uplinks.{MQTT}.ca",
        "needs_tls",
        "with mqtts://",
        "/etc/tagtrail/ca.pem",
    ),
    Broken(
        "    serial: /dev/serial/by-id/probes\n",
        "",
        "ports.probes",
        "one_kind",
        "exactly one of these",
        "baud: 19200",
    ),
    Broken("gps: {tcp:", "gps: ‸{serial: /dev/x, tcp:", "ports.gps", "one_kind", "serial, tcp"),
    Broken(
        "gps: {tcp:",
        "gps: {baud: ‸9600, tcp:",
        "ports.gps.baud",
        "serial_only",
        "this port is tcp; delete it",
    ),
    Broken("gps: {tcp:", "gps: {parity: ‸odd, tcp:", "ports.gps.parity", "serial_only", "for serial lines"),
    Broken("framing: rtu, baud: 38400", "baud: ‸38400", "ports.remote.baud", "serial_only", "delete it"),
    Broken(
        "framing: rtu, baud: 38400",
        "framing: rtu, parity: ‸even",
        "ports.remote.parity",
        "serial_only",
        "for serial lines",
    ),
    Broken(
        "    data_bits: 7\n",
        "    data_bits: 7\n    framing: ‸rtu\n",
        "ports.probes.framing",
        "tcp_only",
        "this port is serial; delete it",
    ),
    Broken(
        'gps: {tcp: "gps.local:4001"}',
        'gps: {tcp: "gps.local:4001", framing: ‸rtu}',
        "ports.gps.framing",
        "framing_unused",
        "the driver nmea hangs on this port; delete it",
    ),
    Broken("framing: rtu", "framing: ‸tcp", "ports.remote.framing", "one_of", "possible are: rtu"),
    Broken("{offset: -0.3}", "‸{}", "devices.chiller-1-air.adjust.temperature", "one_kind", "offset"),
    Broken(
        f"{{{POINTS}}}",
        f"‸{{offset: 0.4, {POINTS}}}",
        "devices.body-air.adjust.humidity",
        "one_kind",
        "exactly one of these must stand here: offset, points",
    ),
    Broken(CORE_THIN, "thin: ‸{}", "devices.chiller-1-core.thin", "any_kind", "change, distance, turn"),
    Broken(
        '  second:\n    mqtt: {url: "mqtt://10.0.0.7", username: edge, password: {env: MQTT_PASSWORD}, '
        "commands: [enter, read]}\n",
        "  second:\n    ‸start: now\n",
        "uplinks.second",
        "one_kind",
        "exactly one of these must stand here: mqtt",
    ),
]

REFERENCES = [
    Broken(
        "driver: wl134",
        "driver: ‸wl143",
        "devices.ear-tags.driver",
        "unknown_driver_near",
        "did you mean wl134?",
    ),
    Broken(
        "driver: wl134",
        "driver: ‸WL134",
        "devices.ear-tags.driver",
        "unknown_driver_near",
        "did you mean wl134?",
    ),
    Broken(
        "driver: nmea",
        "driver: ‸nema",
        "devices.position.driver",
        "unknown_driver_near",
        "did you mean nmea?",
    ),
    Broken(
        "driver: nmea",
        "driver: ‸qqq",
        "devices.position.driver",
        "unknown_driver",
        "there is no driver qqq; known are: ",
    ),
    Broken(
        "    port: ear\n",
        "    port: ‸eer\n",
        "devices.ear-tags.port",
        "unknown_port_near",
        "did you mean ear?",
    ),
    Broken(
        "    port: ear\n",
        "    port: ‸COM\n",
        "devices.ear-tags.port",
        "unknown_port",
        "known are: ear, probes",
    ),
    Broken(
        "    port: ear\n",
        "    port: ‸/dev/ttyUSB0\n",
        "devices.ear-tags.port",
        "unknown_port",
        "add it under ports",
    ),
    Broken("place: stunning", "place: ‸stuning", "devices.ear-tags.place", "unknown_place_near", "stunning?"),
    Broken(
        "place: stunning", "place: ‸hall", "devices.ear-tags.place", "unknown_place", "known are: stunning"
    ),
    Broken(
        "5s, place: truck",
        "5s, place: ‸trunk",
        "devices.position.place",
        "unknown_place_near",
        "did you mean truck?",
    ),
    Broken(
        "within: truck", "within: ‸truk", "places.body.within", "unknown_place_near", "did you mean truck?"
    ),
    Broken("within: truck", "within: ‸body", "places.body.within", "within_loop", "body → body"),
    Broken(
        "plate: 甘N12345}", "within: ‸body}", "places.truck.within", "within_loop", "truck → body → truck"
    ),
    Broken(
        "profile: xy-md02,",
        "profile: ‸xy-md2,",
        "devices.body-air.profile",
        "unknown_profile_near",
        "xy-md02?",
    ),
    Broken(
        "profile: xy-md02,", "profile: ‸sht20,", "devices.body-air.profile", "unknown_profile", "in profiles/"
    ),
    Broken(
        "profile: xy-md02,", "profile: ‸5,", "devices.body-air.profile", "unknown_profile", "no profile 5"
    ),
    Broken(
        "{temperature: {",
        "{‸humidity: {",
        "devices.chiller-1-air.adjust.humidity",
        "unknown_quantity",
        "it measures: temperature",
    ),
    Broken(
        "{temperature: {",
        "{‸temprature: {",
        "devices.chiller-1-air.adjust.temprature",
        "unknown_quantity_near",
        "did you mean temperature?",
    ),
]

SHARING = [
    Broken(
        "  chiller-1-core:\n    driver: modbus\n    port: panel\n    unit: 1\n    channel: 2\n",
        "  chiller-1-core:\n    driver: modbus\n    port: panel\n    unit: ‸1\n    channel: 1\n",
        "devices.chiller-1-core.unit",
        "address_twice",
        "the same unit, channel on panel as chiller-1-air (line 71): 1, 1",
    ),
    Broken(
        "unit: 11, profile: danfoss-ekc-202d",
        "unit: ‸2, profile: danfoss-ekc-202d",
        "devices.body-control.unit",
        "address_twice",
        "the same unit on probes as body-air",
    ),
    Broken(
        "driver: nmea, port: gps",
        "driver: ‸nmea, port: probes",
        "devices.position.driver",
        "port_mixed",
        "already carries body-air",
    ),
    Broken(
        "driver: nmea, port: gps",
        "driver: nmea, port: ‸ear",
        "devices.position.port",
        "port_alone",
        "position needs a port to itself",
    ),
    Broken(
        "  ear-tags:\n    driver: wl134\n    port: ear\n",
        "  hook-bind: {driver: uhf_reader18, port: ear, channel: 1}\n"
        "  ear-tags:\n    driver: ‸r2000\n    port: ear\n    channel: 2\n",
        "devices.ear-tags.driver",
        "port_mixed",
        "hook-bind",
    ),
    Broken(
        '{tcp: "gps.local:4001"}',
        '{tcp: ‸"192.168.1.50:502"}',
        "ports.gps.tcp",
        "wire_twice",
        "the same wire as panel",
    ),
    Broken(
        '{tcp: "192.168.1.50:502", timeout: 1s}\n  gps: {tcp: "gps.local:4001"}',
        '{tcp: "GPS.local:4001"}\n  gps: {tcp: ‸"gps.local:4001"}',
        "ports.gps.tcp",
        "wire_twice",
        "panel",
    ),
    Broken(
        "serial: /dev/serial/by-id/probes",
        "serial: ‸/dev/serial/by-path/ear",
        "ports.probes.serial",
        "wire_twice",
        "hang all devices on it",
    ),
    Broken(
        "serial: /dev/serial/by-id/probes",
        "serial: ‸/dev/serial/by-path/../by-path/ear",
        "ports.probes.serial",
        "wire_twice",
        "the same wire as ear",
    ),
    Broken(
        '    mqtt: {url: "mqtt://10.0.0.7", username: edge,',
        '    mqtt: {url: ‸"mqtts://broker.example:8884", root: meat, username: dx-yidong-01,',
        "uplinks.second.mqtt.url",
        "broker_twice",
        "as platform (line 20)",
    ),
]

LATER = [
    Broken(
        "  gps: {tcp",
        "  radio: {bluetooth: ‸bluez0}\n  gps: {tcp",
        "ports.radio.bluetooth",
        "adapter",
        "no adapter",
    ),
    Broken(
        "  gps: {tcp",
        "  usb: {input: ‸event3}\n  gps: {tcp",
        "ports.usb.input",
        "absolute_path",
        "/",
    ),
    Broken(
        "  gps: {tcp",
        "  io: {gpio: ‸/dev/gpiochip0}\n  gps: {tcp",
        "ports.io.gpio",
        "gpio_chip",
        "no chip",
    ),
    Broken(
        "  second:\n",
        "  chart:\n    influxdb: {url: ‸mqtt://x, org: m, bucket: b, token: {env: T}}\n  second:\n",
        "uplinks.chart.influxdb.url",
        "url_store",
        "8428",
    ),
    Broken(
        "  second:\n",
        "  chart:\n    influxdb: {url: http://x, org: m, bucket: b, token: {env: T}, ca: ‸/c}\n  second:\n",
        "uplinks.chart.influxdb.ca",
        "needs_https",
        "https",
    ),
    Broken(
        "  second:\n",
        "  chart:\n    influxdb: {url: http://x:1, org: m, bucket: b, token: ‸s3cret}\n  second:\n",
        "uplinks.chart.influxdb.token",
        "secret_plain",
        "credential",
    ),
    Broken(
        "  second:\n", "  web:\n    ‸http: {url: x}\n  second:\n", "uplinks.web.http", "later", "http is not"
    ),
    Broken(
        "{driver: nmea, port: gps,",
        "{driver: ‸jt808, port: gps, socket: 1,",
        "devices.position.driver",
        "later_driver",
        "the driver jt808 is not in this version",
    ),
    Broken(
        "driver: wl134",
        "driver: ‸jt808",
        "devices.ear-tags.driver",
        "later_driver",
        "remove the device",
    ),
]

DOOR = "line: 17, open: high, bias: pull-up, debounce: 30ms"

CONTACTS = [
    Broken(
        "  chiller-1-door: {driver: contact, port: contacts, line: 17, open",
        "  chiller-1-door: ‸{driver: contact, port: contacts, open",
        "devices.chiller-1-door",
        "one_kind",
        "exactly one of these must stand here: line, input, coil",
    ),
    Broken(
        "port: remote, unit: 20, input: 3",
        "port: remote, unit: 20, input: 3, coil: 4",
        "devices.gate",
        "one_kind",
        "line, input, coil",
        "{driver: contact, port: remote, unit: 20, input",
    ),
    Broken(
        "port: remote, unit: 20, input: 3",
        "port: remote, input: ‸3",
        "devices.gate.input",
        "needs",
        "input needs unit beside it",
    ),
    Broken(
        "port: remote, unit: 20, input: 3",
        "port: remote, ‸line: 3",
        "devices.gate.line",
        "option_kind",
        "line is for gpio, and remote is tcp; delete it, a contact there has input, coil, unit",
    ),
    Broken(
        "port: contacts, line: 27",
        "port: contacts, unit: 3, ‸input: 27",
        "devices.ignition.input",
        "option_kind",
        "input is for serial, tcp, and contacts is gpio; delete it, a contact there has line, bias",
    ),
    Broken(
        "port: remote, unit: 20, coil: 0",
        "port: remote, ‸bias: pull-up, unit: 20, coil: 0",
        "devices.mains.bias",
        "option_kind",
        "bias is for gpio",
    ),
    Broken(
        "port: contacts, line: 27",
        "port: contacts, line: ‸17",
        "devices.ignition.line",
        "address_twice",
        "chiller-1-door",
    ),
    Broken(
        "port: remote, unit: 20, coil: 0",
        "port: remote, unit: ‸20, input: 3",
        "devices.mains.unit",
        "address_twice",
        "gate",
    ),
    Broken(DOOR, DOOR.replace("high", "‸up"), "devices.chiller-1-door.open", "one_of", "high, low"),
    Broken(
        DOOR,
        DOOR.replace("pull-up", "‸pullup"),
        "devices.chiller-1-door.bias",
        "one_of_near",
        "did you mean pull-up?",
    ),
    Broken(
        DOOR,
        DOOR.replace("30ms", "‸30"),
        "devices.chiller-1-door.debounce",
        "unit_missing",
        "30ms",
    ),
    Broken(
        DOOR,
        DOOR.replace("30ms", "‸1min"),
        "devices.chiller-1-door.debounce",
        "measure_high",
        "10s",
    ),
    Broken(
        DOOR,
        DOOR.replace("17", "‸1700"),
        "devices.chiller-1-door.line",
        "at_most",
        "1023",
    ),
    Broken(
        DOOR,
        DOOR.replace("debounce", "‸debounced"),
        "devices.chiller-1-door.debounced",
        "unknown_key_near",
        "did you mean debounce?",
    ),
    Broken(
        "coil: 0, quantity: mains",
        "coil: 0, quantity: ‸temperature",
        "devices.mains.quantity",
        "one_of",
        "open, door, ignition",
    ),
    Broken(
        "{driver: contact, port: contacts, line: 27, open: low, quantity: ignition",
        "{driver: nmea, port: ‸contacts",
        "devices.ignition.port",
        "port_kind",
        "the driver nmea cannot hang on contacts, which is gpio",
    ),
]

LINE = "records.slaughter.sheep"
RECORDS = [
    Broken(
        "certificate: C[0-9]{10}",
        "certificate: ‸C[0-9",
        "records.arrival.sheep.certificate",
        "code_pattern",
        "no regular expression: unterminated character set",
    ),
    Broken(
        "number: S{flow}-{date:%y%m%d}-{serial:04}",
        "number: ‸S{flow}-{serial:04}",
        f"{LINE}.number",
        "number_template",
        "write such as {flow}{date:%y%m%d}{serial:05}",
    ),
    Broken(
        "number: S{flow}-{date:%y%m%d}-{serial:04}",
        "number: ‸S{date:%y%m%d}{nr}",
        f"{LINE}.number",
        "number_template",
        "two carcasses one number",
    ),
    Broken("lag: [20s, 60s]", "lag: ‸20s", f"{LINE}.line[1].lag", "lag", "such as [5s, 15s]"),
    Broken("lag: [20s, 60s]", "lag: ‸[60s, 20s]", f"{LINE}.line[1].lag", "lag", "least and the most"),
    Broken("lag: [20s, 60s], ", "", f"{LINE}.line", "lag_missing", "needs its lag", at="- {reader: ear-tags"),
    Broken(
        "        - {reader: ear-tags, step: stunned}\n"
        "        - {reader: bind-hook, step: bound, lag: [20s, 60s], positions: 1}\n",
        "",
        f"{LINE}.line",
        "line_begins",
        "stunned or bound",
        at="- {reader: hook-scale",
    ),
    Broken(
        "reader: hook-core,",
        "reader: hook-scale,",
        f"{LINE}.line",
        "reader_twice",
        "hook-scale",
        at="- {reader: ear-tags",
    ),
    Broken(
        "        - {reader: hook-core, step: cored}\n",
        "",
        f"{LINE}.core",
        "no_step",
        "the step cored",
        at="{probe: chiller-1-core",
    ),
    Broken(
        "    sheep:\n      place: lairage",
        "    goats: {place: lairage, readers: [ear-tags]}\n    sheep:\n      place: ‸lairage",
        "records.arrival.sheep.place",
        "lairage_twice",
        "the lairage of goats",
    ),
    Broken(
        "readers: [lairage-tags]",
        "readers: [‸rail-scale]",
        "records.arrival.sheep.readers[0]",
        "sees_no_codes",
        "rail-scale measures",
    ),
    Broken(
        "probe: chiller-1-core",
        "probe: ‸rail-scale",
        f"{LINE}.core.probe",
        "measures_not",
        "measure temperature",
    ),
    Broken("scale: rail-scale", "scale: ‸body-air", f"{LINE}.weight.scale", "measures_not", "measure mass"),
    Broken(
        "climate: [chiller-1-air]",
        "climate: [‸ear-tags]",
        f"{LINE}.rooms[0].climate[0]",
        "measures_not",
        "measure temperature",
    ),
    Broken(
        "channel: 8, place: body}",
        "channel: 8}",
        f"{LINE}.line[4].reader",
        "door_nowhere",
        "what was left",
        at="hook-door, step",
    ),
    Broken(
        "  slaughter:\n    sheep:\n",
        "  slaughter:\n    goats: {species: pig, number: 'S{flow}-{date:%y%m%d}-{serial:04}', flow: F622926, "
        "line: [{reader: ear-tags, step: stunned}]}\n    sheep:\n",
        f"{LINE}.number",
        "number_twice",
        "goats numbers its carcasses like this too (SF622926-261122-0001)",
        at="S{flow}-{date:%y%m%d}-{serial:04}\n",
    ),
    Broken(
        "hangs_in: chiller-1", "hangs_in: ‸chiller-9", f"{LINE}.hangs_in", "unknown_place_near", "chiller-1?"
    ),
]

DESCRIBED = [
    Broken("    company: 0x0059\n", "", "devices.dock-tag", "one_kind", "company, service", "driver: beacon"),
    Broken(
        "    company: 0x0059\n",
        "    company: 0x0059\n    service: 0x181A\n",
        *("devices.dock-tag", "one_kind", "company, service", "driver: beacon"),
    ),
    Broken(
        "company: 0x0059", "company: ‸0x10059", "devices.dock-tag.company", "at_most", "the most is 65535"
    ),
    Broken("company: 0x0059", "service: ‸0x1181A", "devices.dock-tag.service", "service_uuid", "0x181A, or"),
    Broken("DD:34:02:06:D0:6C", "‸DD-34-02-06-D0-6C", "devices.dock-tag.address", "form", "the form"),
    Broken(
        "D0:CF:5E:03:97:18", "‸DD:34:02:06:D0:6C", "devices.dock-eye.address", "address_twice", "dock-tag"
    ),
    Broken("starts: 0a02", "starts: ‸0a0", "devices.dock-tag.starts", "form", "does not have the form"),
    Broken("offset: 2,", "‸ofset: 2,", f"{TAG}.temperature.ofset", "unknown_key_near", "mean offset?"),
    Broken("type: s16", "type: ‸s15", f"{TAG}.temperature.type", "one_of_near", "did you mean s16?"),
    Broken(
        "length: 8", "length: 5", f"{TAG}.door", "beyond_length", "byte 6 and the data has 5", "{offset: 5"
    ),
    Broken("type: u8, add: 0.5", "type: u8, bit: ‸1", f"{TAG}.humidity.bit", "bit_alone", "type: bool alone"),
    Broken("bool, bit: 7", "bool, scale: ‸2.0", f"{TAG}.door.scale", "bool_bare", "a bool has no scale"),
    Broken("type: bool, bit: 7", "type: ‸u8", f"{TAG}.door.type", "state_number", "door is a state"),
    Broken("type: u8, add: 0.5", "type: ‸bool", f"{TAG}.humidity.type", "number_bool", "is a number"),
    Broken("scale: 0.01", "scale: ‸0", f"{TAG}.temperature.scale", "scale_zero", "makes every value 0"),
    Broken(
        "[-40, 85]", "‸[85, -40]", f"{TAG}.temperature.valid_range", "range_order", "the lowest value first"
    ),
    Broken("      door: {offset", "      ‸dor: {offset", f"{TAG}.dor", "unknown_point_near", "mean door?"),
    Broken("      door: {offset", "      ‸weight: {offset", f"{TAG}.weight", "unknown_point", "no unit here"),
]

YAML = [
    Broken(
        "clock: {trust: system, hold_unsynced: 15min, set_from: [ntp, gnss]}",
        "clock: {trust: system, hold_unsynced: 15min, set_from: [ntp, gnss]}\n‸clock: {}",
        "clock",
        "duplicate_key",
        "first in line 11",
    ),
    Broken(
        "    place: stunning\n",
        "    place: stunning\n    ‸place: body\n",
        "devices.ear-tags.place",
        "duplicate_key",
        "for the second time",
    ),
    Broken(
        "  ear: {serial",
        "  probes: {}\n  ear: {serial",
        "ports.probes",
        "duplicate_key",
        "first in line 39",
        "probes:\n",
    ),
    Broken(
        KEEP,
        "keep: {records: 5y, ‸records: 6y}",
        "journal.keep.records",
        "duplicate_key",
        "keep one of the two",
    ),
    Broken("trust: system", "trust: ‸&s system", "clock.trust", "anchor", "begins with & is not used"),
    Broken(
        "place: stunning", "place: ‸*stunning", "devices.ear-tags.place", "alias", "write the value itself"
    ),
    Broken("trust: system", "trust: ‸!!str system", "clock.trust", "tag", "a word that begins with !"),
    Broken("trust: system", "trust: ‸!secret system", "clock.trust", "tag", "delete it"),
    Broken(
        "clock: {trust: system, hold_unsynced: 15min, set_from: [ntp, gnss]}",
        "clock: {‸<<: {trust: system}}",
        "clock.<<",
        "merge_key",
        "the keys themselves",
    ),
    Broken(
        "clock: {trust: system, hold_unsynced: 15min, set_from: [ntp, gnss]}",
        "? ‸[a, b]\n: c",
        "",
        "key_form",
        "a key must be a single word",
    ),
    Broken(
        "clock: {trust: system, hold_unsynced: 15min, set_from: [ntp, gnss]}",
        "clock:\n‸\ttrust: system",
        "",
        "tab",
        "use blanks",
    ),
    Broken(
        "clock: {trust: system, hold_unsynced: 15min, set_from: [ntp, gnss]}",
        "clock:‸\t{trust: system}",
        "",
        "tab",
        "1 lines have one",
    ),
    Broken(
        "clock: {trust: system, hold_unsynced: 15min, set_from: [ntp, gnss]}",
        "clock: {trust: ‸\x07system}",
        "",
        "unprintable",
        "U+0007",
    ),
    Broken(
        "clock: {trust: system, hold_unsynced: 15min, set_from: [ntp, gnss]}",
        "clock: ‸{trust: system",
        "",
        "syntax_open_bracket",
        "not closed",
    ),
    Broken(
        "clock: {trust: system, hold_unsynced: 15min, set_from: [ntp, gnss]}",
        "clock: ‸[system",
        "",
        "syntax_open_bracket",
        "not closed",
    ),
    Broken("trust: system", "trust: ‸'system", "", "syntax_open_quote", "a quote opened here is not closed"),
    Broken(
        "name: 排酸间空气", 'name: ‸"排酸间空气', "", "syntax_open_quote", "add it at the end of the text"
    ),
    Broken(
        "  timezone: Asia/Shanghai",
        "   ‸timezone: Asia/Shanghai",
        "",
        "syntax_indent",
        "does not fit what stands above",
    ),
    Broken("  timezone: Asia/Shanghai", " ‸timezone: Asia/Shanghai", "", "syntax_indent", "in one column"),
    Broken(
        "  timezone: Asia/Shanghai", "  timezone:Asia/Shanghai‸", "", "syntax_no_colon", "", "timezone:Asia"
    ),
    Broken("timezone: Asia/Shanghai", "timezone: Asia‸: Shanghai", "", "syntax_colon", "a colon in quotes"),
    Broken("trust: system", "trust: ‸@system", "", "syntax_character", "put it in quotes"),
    Broken("trust: system", "trust: ‸%system", "", "syntax_character", "put it in quotes"),
    Broken("trust: system", 'trust: ‸"sys\\tem"', "clock.trust", "one_of_near", "sys·em is not possible"),
    Broken("trust: system", 'trust: "‸\\system"', "", "syntax_escape", "use single quotes"),
    Broken("  timezone: Asia/Shanghai", "  ‸timezone", "", "syntax_no_colon", "key: value"),
    Broken("timezone: Asia/Shanghai", "timezone: ‸- Asia", "", "syntax_dash", "a line of its own"),
    Broken("trust: system", "trust: ‸]", "", "syntax", "compare it"),
    Broken(
        "clock: {trust: system, hold_unsynced: 15min, set_from: [ntp, gnss]}",
        "‸---\nclock: {trust: system, hold_unsynced: 15min, set_from: [ntp, gnss]}",
        "",
        "several_documents",
        "delete this line",
    ),
    Broken("trust: system", "trust: " + "[" * 30 + "‸[", "clock.trust" + "[0]" * 30, "too_deep", "32 levels"),
]

ROWS = [
    *(*KEYS, *MISSING, *EMPTY, *TYPES, *CHOICES, *MEASURES, *RANGES, *FORMS),
    *(
        *CALIBRATION,
        *THIN,
        *SECRETS,
        *TOGETHER,
        *REFERENCES,
        *SHARING,
        *CONTACTS,
        *LATER,
        *RECORDS,
        *DESCRIBED,
        *YAML,
    ),
]
