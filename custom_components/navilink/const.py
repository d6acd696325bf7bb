"""What several modules of the integration share."""

import logging

DOMAIN = "navilink"

LOGGER = logging.getLogger(__package__)
