"""The JSON result and its schema."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import jsonschema
import pytest

from digitizer.output import result_json, result_schema
from tests.unit.output.builders import jpeg, result_of, text_of


def test_the_json_follows_its_schema_and_the_schema_minds_mistakes(tmp_path: Path) -> None:
    path = jpeg(tmp_path)
    id_ = hashlib.sha256(path.read_bytes()).hexdigest()
    plain = json.loads(json.dumps(result_json(result_of({id_: (path, "image/jpeg")}, [text_of(id_)]))))
    jsonschema.Draft202012Validator.check_schema(result_schema())
    jsonschema.validate(plain, result_schema())
    for spoil in (
        lambda d: d.pop("run"),
        lambda d: d["pages"][0].update(rotation=45),
        lambda d: d["pages"][0]["lines"][0].update(confidence=1.2),
        lambda d: d.update(extra=1),
    ):
        bad = json.loads(json.dumps(plain))
        spoil(bad)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, result_schema())
