"""Labels: one value per event, computed from the event and the other events of its user or session.

A label is an expression over the rows of the frame that it is computed from, so ``df['label'] = hub.map...(df)`` adds a column
without a join.
"""

from __future__ import annotations

from typing import NoReturn

from objectiv_local.arguments import checked
from objectiv_local.errors import NotSupported
from objectiv_local.hub.methods import WithSettings, method
from objectiv_local.hub.models import conversions, new_users


@checked
class Map(WithSettings):
    """The label models of a hub."""

    _place = "hub.map"

    is_first_session = method(new_users.is_first_session)
    is_new_user = method(new_users.is_new_user)
    is_conversion_event = method(conversions.is_conversion_event)
    conversions_in_time = method(conversions.conversions_in_time)
    conversions_counter = method(conversions.conversions_counter)
    pre_conversion_hit_number = method(conversions.pre_conversion_hit_number)

    def conversion_count(self, *args: object, **kwargs: object) -> NoReturn:
        """Raise an error that names the replacement: ``conversions_in_time`` counts conversions up to each hit."""
        raise NotSupported(
            "conversion_count was removed", hint="use conversions_in_time, or conversions_counter for the total of a session"
        )
