import json
from pathlib import Path

from labsupport.sandbox import registry


def test_two_listeners_on_one_storage(tmp_path: Path) -> None:
    mirror, login = (json.loads(path.read_text()) for path in registry.prepare(tmp_path))
    assert mirror["storage"] == login["storage"] and mirror["storage"]["delete"]["enabled"]
    assert mirror["http"]["addr"] == "127.0.0.1:5000" and "auth" not in mirror
    assert login["http"]["addr"] == "127.0.0.1:5001"
    htpasswd = Path(login["auth"]["htpasswd"]["path"]).read_text()
    # bcrypt is the only kind the registry takes
    assert htpasswd.startswith("learner:$2y$")
    # nothing is sent anywhere
    assert "reporting" not in mirror and "notifications" not in mirror


def test_a_folder_with_blanks_and_quotes_stays_one_value(tmp_path: Path) -> None:
    folder = tmp_path / 'my "course": #1'
    assert json.loads(registry.configuration(folder, 5000))["storage"]["filesystem"]["rootdirectory"] == str(folder)
