"""What the exchange stores. The constraints are the specification.

Every row carries the key of its organisation (`org_pk`), and every foreign key includes it: no row can join two
organisations. Public ids are UUIDs made by the service; the one of a release, submission or feedback is that of
the upload which brought its bytes.
"""

from nbexchange.api.db.models.actions import Action
from nbexchange.api.db.models.base import Base
from nbexchange.api.db.models.courses import Assignment, Course, Membership
from nbexchange.api.db.models.people import Organisation, Person
from nbexchange.api.db.models.published import Feedback, Release, Submission
from nbexchange.api.db.models.schema_level import SchemaLevel
from nbexchange.api.db.models.uploads import Upload

__all__ = [
    "Action",
    "Assignment",
    "Base",
    "Course",
    "Feedback",
    "Membership",
    "Organisation",
    "Person",
    "Release",
    "SchemaLevel",
    "Submission",
    "Upload",
]
