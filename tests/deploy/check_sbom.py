# SPDX-License-Identifier: MIT
"""Is a bill of materials valid SPDX 2.3, and does it say what is there?

    check_sbom.py FILE ROOT VERSION

The rules are those of the SPDX 2.3 specification (chapters 6 to 8 and 11) that concern what is used here: mandatory fields, patterns of
ids, unique ids, relationships whose ends exist, the verification code. ROOT is the unpacked package: its files must be listed with their
true digests."""
import hashlib
import json
import pathlib
import re
import sys

LINKED = {"libc6", "libjansson4", "libmicrohttpd12", "libmodbus5", "libmosquitto1", "libsqlite3-0", "libssl3", "libyaml-0-2"}
MANDATORY = {
    "document": ("spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo"),
    "package": ("name", "SPDXID", "downloadLocation", "versionInfo", "supplier"),
    "file": ("fileName", "SPDXID", "checksums"),
    "relationship": ("spdxElementId", "relationshipType", "relatedSpdxElement"),
}
# The schema allows no others (spdx-schema-2-3.json); of those, what is used here.
ALLOWED = {
    "package": {"name", "SPDXID", "versionInfo", "supplier", "downloadLocation", "filesAnalyzed", "licenseConcluded",
                "licenseDeclared", "licenseInfoFromFiles", "copyrightText", "sourceInfo", "externalRefs",
                "packageVerificationCode", "primaryPackagePurpose"},
    "file": {"fileName", "SPDXID", "checksums", "licenseConcluded", "copyrightText"},
    "relationship": set(MANDATORY["relationship"]),
}
RELATIONS = {"DESCRIBES", "DYNAMIC_LINK", "DEPENDS_ON", "CONTAINS"}
findings = []


def expect(condition, finding):
    if not condition:
        findings.append(finding)


def check_fields(bill):
    for kind, things in (("document", [bill]), ("package", bill["packages"]), ("file", bill["files"]),
                         ("relationship", bill["relationships"])):
        for thing in things:
            expect(set(thing) <= ALLOWED.get(kind, set(thing)), f"a {kind} has fields that are not allowed: {sorted(thing)}")
            for field in MANDATORY[kind]:
                expect(thing.get(field), f"a {kind} has no {field}: {str(thing)[:80]}")
    expect(bill["spdxVersion"] == "SPDX-2.3" and bill["dataLicense"] == "CC0-1.0", "not SPDX 2.3 under CC0-1.0")
    expect(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", bill["creationInfo"]["created"]), "created is no time")
    expect(all(re.match("(Tool|Person|Organization): ", c) for c in bill["creationInfo"]["creators"]), "a creator has no kind")
    expect(re.fullmatch(r"[a-z][a-z0-9+.-]*:[^#]+", bill["documentNamespace"]), "the namespace is no URI without '#'")


def check_ids(bill):
    ids = [thing["SPDXID"] for thing in [bill, *bill["packages"], *bill["files"]]]
    expect(len(ids) == len(set(ids)), "an id is used twice")
    expect(all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", x) for x in ids), "an id has characters that are not allowed")
    for row in bill["relationships"]:
        expect(row["relationshipType"] in RELATIONS, f"unknown relationship {row['relationshipType']}")
        expect({row["spdxElementId"], row["relatedSpdxElement"]} <= set(ids), f"a relationship leads nowhere: {row}")


def check_files(bill, root):
    listed = {f["fileName"]: {c["algorithm"]: c["checksumValue"] for c in f["checksums"]} for f in bill["files"]}
    there = {f"./{p.relative_to(root)}": p for p in root.rglob("*") if p.is_file() and not p.is_symlink()}
    there = {name: path for name, path in there.items() if not name.endswith(".spdx.json")}
    expect(listed.keys() == there.keys(), f"listed and there differ: {sorted(listed.keys() ^ there.keys())[:5]}")
    for name, path in there.items():
        data = path.read_bytes()
        sums = {"SHA1": hashlib.sha1(data).hexdigest(), "SHA256": hashlib.sha256(data).hexdigest()}
        expect(listed.get(name) == sums, f"{name} is not the file that is listed")
    code = hashlib.sha1("".join(sorted(sums["SHA1"] for sums in listed.values())).encode()).hexdigest()
    own = bill["packages"][0]
    expect(own["packageVerificationCode"]["packageVerificationCodeValue"] == code, "the verification code is wrong")


def check_packages(bill, version):
    own = bill["packages"][0]
    expect((own["name"], own["versionInfo"]) == ("modbridge", version), "it is the bill of another version")
    names = {p["SPDXID"]: p["name"] for p in bill["packages"]}
    linked = {names.get(r["relatedSpdxElement"]) for r in bill["relationships"] if r["relationshipType"] == "DYNAMIC_LINK"}
    expect(linked == LINKED, f"linked with {sorted(linked)}, expected {sorted(LINKED)}")
    for package in bill["packages"]:
        purls = [r["referenceLocator"] for r in package["externalRefs"] if r["referenceType"] == "purl"]
        expect(purls and re.fullmatch(r"pkg:deb/[a-z0-9%/.+-]+@[A-Za-z0-9.%~+-]+\?arch=[a-z0-9]+", purls[0]),
               f"{package['name']} has no package URL: {purls}")


def main():
    bill = json.loads(pathlib.Path(sys.argv[1]).read_text())
    check_fields(bill)
    check_ids(bill)
    check_files(bill, pathlib.Path(sys.argv[2]))
    check_packages(bill, sys.argv[3])
    for finding in findings:
        print(f"bill of materials: {finding}")
    sys.exit(1 if findings else 0)


main()
