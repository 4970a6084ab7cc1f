"""The catalogue of claims: what the paper asserts, where, and how each assertion could fail.

>>> claims = load_catalogue()
>>> find(claims, "2.1-fit").where
'Table 1; Section 2.1'
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError, UnknownName

CLAIMS = Path(__file__).parents[2] / "claims"
"""The paper's table of contents, beside the harness."""


@dataclass(frozen=True)
class Claim:
    """One assertion of the paper, all of it text for people.

    `id` begins with `section` (the paper's: "A", "2.1" ...). `control` is the broken premise under
    which the same check must be refuted; for a definition or an equality (`identity`) it is the
    planted fault that stands in. `finding` says what differs where the claim does not hold as
    printed; else it is empty.
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


def load_catalogue(path: Path = CLAIMS / "catalogue.toml") -> dict[str, Claim]:
    """Read the claims of a TOML file with one `[[claim]]` table each, by id, in the file's order.

    Raises HarnessError for a file that cannot be read, for a claim with a field missing or
    unknown, and for two claims of one id.
    """
    try:
        claims = [Claim(**it) for it in tomllib.loads(path.read_text(encoding="utf-8"))["claim"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HarnessError(f"{path}: the catalogue of claims cannot be read ({error})") from error
    catalogue = {claim.id: claim for claim in claims}
    if len(catalogue) < len(claims):
        raise HarnessError(f"{path}: two claims have one id; rename one")
    return catalogue


def find(catalogue: Mapping[str, Claim], claim_id: str) -> Claim:
    """Return the claim of that id, or raise UnknownName with the nearest ids."""
    if claim_id not in catalogue:
        raise UnknownName("claim", claim_id, catalogue)
    return catalogue[claim_id]
