# SPDX-License-Identifier: MIT
"""`modbridge schema`: valid draft-07, accepts every map and site that the program accepts, and refuses what an editor can
see without knowing the language: unknown keys and words, values of the wrong kind."""
import json
import re

import jsonschema
import pytest
import yaml
from conftest import MAPPINGS, ROOT, modbridge

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "mappings/README.md"]
GOOD = sorted([*MAPPINGS.glob("*.yaml"), *(ROOT / "tests/maps/good").glob("*.yaml"),
               *(ROOT / "tests/maps/library").rglob("*site*.yaml")])
DOCUMENTS = {path.relative_to(ROOT).as_posix(): path.read_text() for path in GOOD}
for page in PAGES:
    for number, text in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(), re.S), 1):
        if text.startswith("modbridge:"):
            DOCUMENTS[f"{page.relative_to(ROOT)} example {number}"] = text

# What of tests/maps an editor must underline, and the words there that it does not like.
BAD = {
    "bad/alert_without_severity": "'severity' is a required property",
    "bad/argument_unknown_type": "'int' is not one of",
    "bad/boolean_yes": "'yes' is not of type 'boolean'",
    "bad/confirmation_without_title": "'title' is a required property",
    "bad/hold_without_end": "is a required property",
    "bad/parameter_unknown_key": "'defualt' was unexpected",
    "bad/preset_with_unknown_key": "'evry' was unexpected",
    "bad/step_unknown": "'wirte' was unexpected",
    "bad/unknown_key": "'scal' was unexpected",
    "bad/unknown_section": "'sensors' was unexpected",
    "bad/unknown_type": "'uint16' is not one of",
    "bad/yaml_formula_with_comma": "'b)' was unexpected",
    "bad_site/baud_unknown": "14400 is not one of",
}


class Loader(yaml.SafeLoader):
    """As editors read: YAML 1.2, where on, off, yes and no are texts and a time of day is one too."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in rows if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


def load(text):
    """A JSON value: its keys are texts."""
    return json.loads(json.dumps(yaml.load(text, Loader)))


@pytest.fixture(scope="module")
def schemas():
    made = {}
    for kind in ("map", "site"):
        result = modbridge("schema", kind)
        assert result.returncode == 0, result.stderr
        schema = json.loads(result.stdout)
        jsonschema.Draft7Validator.check_schema(schema)
        made[f"{kind}/1"] = jsonschema.Draft7Validator(schema)
    return made


def flatten(errors):
    """All findings, also those inside the alternatives of another one."""
    for error in errors:
        yield error
        yield from flatten(error.context)


def findings(schemas, text):
    document = load(text)
    return [f"{'/'.join(str(p) for p in e.absolute_path)}: {e.message}"
            for e in flatten(schemas[document["modbridge"]].iter_errors(document))]


def test_everything_is_described(schemas):
    """An editor shows the descriptions: every key of every mapping has one."""
    for schema in schemas.values():
        definitions = schema.schema["definitions"]
        assert definitions
        for name, definition in definitions.items():
            inner = definition if "properties" in definition else definition["anyOf"][1]
            assert inner["properties"] and inner["additionalProperties"] is False, name
            for key, field in inner["properties"].items():
                assert len(field["description"]) > 3, (name, key)


def test_there_are_documents_of_each_kind():
    kinds = [load(text)["modbridge"] for text in DOCUMENTS.values()]
    assert kinds.count("map/1") >= 20 and kinds.count("site/1") >= 3


@pytest.mark.parametrize("name", DOCUMENTS)
def test_good_documents_are_accepted(schemas, name):
    assert findings(schemas, DOCUMENTS[name]) == []


@pytest.mark.parametrize("name", BAD)
def test_bad_documents_are_refused(schemas, name):
    found = findings(schemas, (ROOT / "tests/maps" / name / "input.yaml").read_text())
    assert found and BAD[name] in "\n".join(found)
