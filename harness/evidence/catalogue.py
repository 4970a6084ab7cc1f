"""The catalogue of claims: what the paper asserts, where, and how each assertion could fail.

>>> claims = load_catalogue(Path("claims/catalogue.toml"))
>>> find(claims, "2.1-fit").where
'Table 1; Section 2.1'
"""

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path

from harness.errors import HarnessError, UnknownName


@dataclass(frozen=True)
class Claim:
    """One assertion of the paper, all of it text for people.

    `id` begins with `section` (the paper's: "A", "2.1" ...). `control` is the broken premise under
    which the same check must be refuted; for a definition or an equality (`identity`) it is the
    planted fault that stands in. `finding` says what differs where the claim does not hold as
    printed, and is empty elsewhere.
    """

    id: str
    section: str
    sentence: str
    where: str
    published: str
    control: str
    identity: bool = False
    finding: str = ""


PLANTED = "planted fault: "
"""How the ``control`` of an identity begins; the rest is the fault's name in faults.toml."""

FIELDS = {field.name: field for field in fields(Claim)}
REQUIRED = [name for name, field in FIELDS.items() if field.default is MISSING]


def load_catalogue(path: Path) -> dict[str, Claim]:
    """Read the claims of a TOML file with one `[[claim]]` table each, by id, in the file's order.

    Raises HarnessError, which names the file, the claim, the field and the remedy, when the file
    is missing or not TOML, holds no claim or anything else, when a field is missing, empty,
    unknown or of the wrong type, and when two claims share an id.
    """
    tables = _tables(path)
    catalogue: dict[str, Claim] = {}
    for position, table in enumerate(tables, start=1):
        claim = _claim(table, path, position)
        if claim.id in catalogue:
            raise HarnessError(
                f"{path}: two claims have the id {claim.id!r}, the second is claim number "
                f"{position}; give every claim an id of its own"
            )
        catalogue[claim.id] = claim
    return catalogue


def find(catalogue: Mapping[str, Claim], claim_id: str) -> Claim:
    """Return the claim of that id, or raise UnknownName with the nearest ids."""
    try:
        return catalogue[claim_id]
    except KeyError:
        raise UnknownName("claim", claim_id, catalogue) from None


def _tables(path: Path) -> list[object]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise HarnessError(
            f"{path}: the catalogue of claims cannot be read ({error.strerror}); "
            f"give the path of claims/catalogue.toml, or restore it with git checkout"
        ) from error
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError are both ValueErrors
        raise HarnessError(f"{path}: not valid TOML: {error}; mend that line") from error
    unknown = sorted(document.keys() - {"claim"})
    if unknown:
        raise HarnessError(
            f"{path}: unknown top-level entry {unknown[0]!r}; "
            f"the file holds [[claim]] tables and nothing else"
        )
    tables = document.get("claim", [])
    if not isinstance(tables, list) or not tables:
        raise HarnessError(f"{path}: no claims; write each as a [[claim]] table, double brackets")
    return tables


def _claim(table: object, path: Path, position: int) -> Claim:
    if not isinstance(table, dict):
        raise HarnessError(
            f"{path}: claim number {position} is {table!r}; write it as a [[claim]] table"
        )
    name = f"claim {table['id']!r}" if "id" in table else f"claim number {position}"
    for key in table:
        if key not in FIELDS:
            raise HarnessError(
                f"{path}: {name} has an unknown field {key!r}; "
                f"remove it or use one of: {', '.join(FIELDS)}"
            )
    for key in REQUIRED:
        if key not in table:
            raise HarnessError(f'{path}: {name} has no field {key!r}; add {key} = "..." to it')
    for key, value in table.items():
        wanted = FIELDS[key].type
        if type(value) is not wanted:
            remedy = "true or false, without quotes" if wanted is bool else "a text in quotes"
            raise HarnessError(f"{path}: {name}, field {key!r} is {value!r}; write {remedy}")
        if wanted is str and not value.strip():
            raise HarnessError(f"{path}: {name}, field {key!r} is empty; fill it in or remove it")
    return Claim(**table)
