"""A help in sections: the options that most people need first."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

__all__ = ["GroupedHelp"]

_FIRST: Final = "Options"


class GroupedHelp(click.Command):
    """A command whose options stand in sections.

    Args:
        sections: the names of parameters by the title of their section; the others stand before.
    """

    def __init__(self, *args: Any, sections: Mapping[str, Sequence[str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sections: Final = sections

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each section, in the order in which they were given."""
        records = {
            parameter.name: record
            for parameter in self.get_params(ctx)
            if isinstance(parameter, click.Option)
            and (record := parameter.get_help_record(ctx)) is not None
        }
        of_sections = {name for names in self._sections.values() for name in names}
        first = [name for name in records if name not in of_sections]
        for title, names in {_FIRST: first, **self._sections}.items():
            rows = [records[name] for name in names if name in records]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)
