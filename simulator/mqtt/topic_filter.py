"""Topic names and topic filters: which are valid, which filter matches which name (MQTT 3.1.1 section 4.7)."""

LEVEL_SEPARATOR = "/"
SINGLE_LEVEL = "+"
MULTI_LEVEL = "#"


def is_topic_name(topic: str) -> bool:
    """Whether something can be published to this topic: not empty and without wildcards."""
    return bool(topic) and SINGLE_LEVEL not in topic and MULTI_LEVEL not in topic


def is_topic_filter(topic_filter: str) -> bool:
    """Whether this can be subscribed to: a wildcard fills a whole level, ``#`` only the last one."""
    levels = topic_filter.split(LEVEL_SEPARATOR)
    return (
        bool(topic_filter)
        and MULTI_LEVEL not in levels[:-1]
        and all(
            level in (SINGLE_LEVEL, MULTI_LEVEL) or (SINGLE_LEVEL not in level and MULTI_LEVEL not in level)
            for level in levels
        )
    )


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a message to ``topic`` belongs to a subscription of ``topic_filter``; both must be valid.

    ``a/#`` also matches ``a`` itself. A wildcard in the first level matches no topic that begins with ``$``.
    """
    wanted, levels = topic_filter.split(LEVEL_SEPARATOR), topic.split(LEVEL_SEPARATOR)
    if topic.startswith("$") and wanted[0] in (SINGLE_LEVEL, MULTI_LEVEL):
        return False
    if wanted[-1] == MULTI_LEVEL:
        wanted.pop()
        levels = levels[: len(wanted)]
    return len(wanted) == len(levels) and all(
        want in (SINGLE_LEVEL, level) for want, level in zip(wanted, levels, strict=True)
    )
