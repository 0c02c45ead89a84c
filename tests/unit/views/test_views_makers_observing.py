"""Which views' makers a day's run loads."""

from fintech_factory.testing import default_models
from fintech_factory.views.catalogue import Catalogue
from fintech_factory.views.makers import OBSERVING


def test_every_maker_that_observes_is_named_and_no_other() -> None:
    views = Catalogue.of(default_models()).views.values()
    observing = {each.name for each in views if each.maker and each.maker.observer}
    assert observing == OBSERVING
