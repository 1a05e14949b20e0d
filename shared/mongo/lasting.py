"""Whether trying again can help.

The store being away is nobody's fault and is waited out; an operation that it will refuse for ever (a query
it cannot read, a document it does not take) is our own mistake, and waiting for it would hold up the rest.
"""

from __future__ import annotations

from pymongo.errors import OperationFailure, PyMongoError

_LABELS = ("TransientTransactionError", "UnknownTransactionCommitResult", "RetryableWriteError")
_PASSES = frozenset(
    {
        6,
        7,
        89,
        91,
        134,
        189,
        202,
        262,
        9001,
        10058,
        10107,
        11600,
        11601,
        11602,
        13435,
        13436,
    }  # net, elections
    | {
        24,
        43,
        46,
        50,
        64,
        94,
        112,
        117,
        133,
        225,
        237,
        239,
        246,
        251,
        256,
        267,
        290,
    }  # locks, times, snapshots
    | {
        8,
        13,
        18,
        391,
        14031,
    }  # unknown to the server itself, rights, disk: a person mends it, nothing is lost
    | {63, 150, 13388}  # a shard that has moved
)
_MALFORMED = frozenset(
    {2, 9, 14, 15, 16, 22, 28, 40, 52, 54, 56, 57, 59, 66, 72, 73, 115, 121, 168, 238, 241, 263, 291, 10334}
)
"""BadValue, FailedToParse, TypeMismatch, … DocumentValidationFailure, InvalidPipelineOperator, too large."""
TRIES_MAX = 8  # of an error that is neither: some seconds, then it is taken for lasting


def lasts(error: BaseException, tries: int) -> bool:
    """Whether this error of the store, met so many times in a row, will not go away by waiting."""
    if not isinstance(error, OperationFailure) or any(error.has_error_label(label) for label in _LABELS):
        return False
    if error.timeout or error.code is None or error.code in _PASSES:
        return False
    return error.code in _MALFORMED or tries >= TRIES_MAX


def is_network(error: PyMongoError) -> bool:
    """A lost server is not a conflict.

    The batch is planned anew, which also finds out whether it had been committed.
    """
    return error.has_error_label("UnknownTransactionCommitResult") or not hasattr(error, "code")
