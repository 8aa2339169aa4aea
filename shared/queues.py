"""The queues that doorbells ring on: their names and lanes. What a doorbell says is in `doorbell`."""

from enum import StrEnum


class Queue(StrEnum):
    """The queues that doorbells ring on; a back-fill rings on the bulk ones, so that no seller waits behind it."""

    REFERRAL_CHANGES = "referral-changes"
    OPPORTUNITY_CHANGES = "opportunity-changes"
    REFERRAL_CREATIONS = "referral-creations"
    REFERRAL_CHANGES_BULK = "referral-changes-bulk"
    OPPORTUNITY_CHANGES_BULK = "opportunity-changes-bulk"


BULK = {Queue.REFERRAL_CHANGES: Queue.REFERRAL_CHANGES_BULK, Queue.OPPORTUNITY_CHANGES: Queue.OPPORTUNITY_CHANGES_BULK}
REFERRAL_QUEUES = frozenset({Queue.REFERRAL_CHANGES, Queue.REFERRAL_CHANGES_BULK})
