"""What a mutant is: the faults that are put into a module, one at a time.

What lives only here: the operators over the syntax tree, and which code is left alone because a
change of it is no fault: annotations, docstrings, `__all__`, Protocols, the texts of errors and
logs. What it does not know: files, tests, and whether anybody notices.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

__all__ = ["Mutant", "mutants_of"]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed form of a module: where, what was done, and the source that results."""

    line: int
    change: str
    source: str


@dataclass(frozen=True, slots=True)
class _Edit:
    """Put `new` into `field` of `parent` (at `index` of it, where it is a list)."""

    parent: ast.AST
    field: str
    index: int | None
    new: ast.AST | None
    change: str
    line: int


_Change = tuple[str, ast.AST | None]
Node = TypeVar("Node", bound=ast.AST)

_COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift,
}
_OTHER_CALL: Final = {
    "all": "any",
    "any": "all",
    "max": "min",
    "min": "max",
    "startswith": "endswith",
    "endswith": "startswith",
    "partition": "rpartition",
    "rpartition": "partition",
    "lstrip": "rstrip",
    "rstrip": "lstrip",
    "union": "intersection",
    "fullmatch": "match",
    "search": "match",
}
# Calls that give back their argument, or their object, in another form.
_CONVERSIONS: Final = frozenset(
    {"tuple", "list", "dict", "frozenset", "set", "bool", "sorted", "shown", "ascii", "len"}
)
_NORMALISATIONS: Final = frozenset(
    {"lower", "strip", "lstrip", "rstrip", "casefold", "removeprefix", "removesuffix", "replace"}
)
_ENUMS: Final = frozenset({"Reason", "SkipReason"})
_SENTENCE: Final = re.compile(r"[A-Za-z,:;]+ +[A-Za-z]")


def mutants_of(source: str) -> Iterator[Mutant]:
    """Every mutant of a module's source, in the order of its lines."""
    tree = ast.parse(source)
    for edit in sorted(_edits(tree), key=lambda edit: edit.line):
        old = getattr(edit.parent, edit.field)
        if edit.index is None:
            setattr(edit.parent, edit.field, edit.new)
        else:
            kept = [] if edit.new is None else [edit.new]
            changed = [*old[: edit.index], *kept, *old[edit.index + 1 :]]
            setattr(edit.parent, edit.field, changed)
        yield Mutant(edit.line, edit.change, ast.unparse(ast.fix_missing_locations(tree)))
        setattr(edit.parent, edit.field, old)


def _edits(node: ast.AST, *, in_text: bool = False, in_function: bool = False) -> Iterator[_Edit]:
    """The edits below a node; `in_text` where strings are read by people only."""
    in_function = in_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    in_text = in_text or isinstance(node, ast.Raise) or _is_log(node)
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "type_params", "bases"}:
            continue
        for index, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if not isinstance(child, ast.AST) or _is_left_alone(child):
                continue
            text = in_text or (isinstance(child, ast.keyword) and child.arg == "detail")
            line = getattr(child, "lineno", getattr(node, "lineno", 0))
            changes = [*_changes(child, in_text=text)]
            if isinstance(child, ast.stmt):
                changes += _removals(child, in_function=in_function)
            elif _is_dispensable(child, field) and not text:
                changes.append(("removed", None))
            for what, new in changes:
                name = f"{node.arg}=" if isinstance(node, ast.keyword) else ""
                change = f"{name}{_short(child)}  =>  {what}"
                yield _Edit(node, field, index, new, change, line)
            yield from _edits(child, in_text=text, in_function=in_function)


def _is_log(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith(("_log.", "_malformed"))


def _is_dispensable(node: ast.AST, field: str) -> bool:
    """Whether a decorator, or an argument by name; one that is true or false is turned round."""
    if isinstance(node, ast.keyword):
        return not (isinstance(node.value, ast.Constant) and isinstance(node.value.value, bool))
    return field == "decorator_list"


def _is_left_alone(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom() | ast.alias():
            return True
        case ast.ClassDef(bases=[ast.Name(id="Protocol")]):
            return True
        case ast.FunctionDef(decorator_list=[ast.Name(id="overload")]):
            return True
        case (
            ast.If(test=ast.Name(id="TYPE_CHECKING"))
            | ast.If(test=ast.Compare(left=ast.Attribute(attr="version_info")))
        ):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        # Type aliases and type variables.
        case ast.Assign(targets=[ast.Name()], value=ast.Subscript(value=ast.Name(id=name))):
            return name[:1].isupper() or name in {"dict", "list", "tuple"}
        case ast.Assign(value=ast.Call(func=ast.Name(id="TypeVar" | "ParamSpec"))):
            return True
    return False


def _changes(node: ast.AST, *, in_text: bool) -> Iterator[_Change]:
    """What may stand in place of an expression."""
    match node:
        case ast.Constant(value=value):
            yield from _other_constants(value, in_text=in_text)
        case ast.Compare(ops=[operator, *_]):
            for other in _COMPARISONS[type(operator)]:
                yield other.__name__, _with(node, ops=[other(), *node.ops[1:]])
            if len(node.ops) == 2:
                for other in _COMPARISONS[type(node.ops[1])]:
                    yield f"second {other.__name__}", _with(node, ops=[operator, other()])
        case ast.BoolOp(op=operator, values=values):
            other_operator = ast.Or() if isinstance(operator, ast.And) else ast.And()
            yield type(other_operator).__name__, _with(node, op=other_operator)
            for index in range(len(values)):
                rest = [*values[:index], *values[index + 1 :]]
                dropped = rest[0] if len(rest) == 1 else ast.BoolOp(op=operator, values=rest)
                yield f"without {_short(values[index])}", dropped
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert(), operand=operand):
            yield "the operand", operand
        case ast.BinOp(op=ast.BitOr() | ast.BitAnd(), left=left, right=right):
            yield "the left operand", left
            yield "the right operand", right
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator):
            if type(operator) in _ARITHMETIC and not in_text:
                yield (
                    type(operator).__name__ + " inverted",
                    _with(node, op=_ARITHMETIC[type(operator)]()),
                )
        case ast.IfExp(body=body, orelse=orelse) if not in_text:
            yield "swapped", _with(node, body=orelse, orelse=body)
        case ast.If(test=test) | ast.While(test=test):
            # `not` and comparisons are turned round by their own operators.
            if not isinstance(test, ast.Compare | ast.UnaryOp):
                yield "not", _with(node, test=ast.UnaryOp(op=ast.Not(), operand=test))
        case ast.comprehension(ifs=[_, *_]):
            yield "without if", _with(node, ifs=[])
        case ast.Slice(lower=lower, upper=upper) if not in_text:
            if lower is not None:
                yield "without lower", _with(node, lower=None)
            if upper is not None:
                yield "without upper", _with(node, upper=None)
        case ast.Attribute(value=ast.Name(id=name), attr=attr) if name in _ENUMS:
            other_attr = "MALFORMED" if name == "Reason" else "UNKNOWN_KTY"
            if attr == other_attr:
                other_attr = "EXPIRED" if name == "Reason" else "PRIVATE_KEY"
            yield other_attr, _with(node, attr=other_attr)
        case ast.Call():
            yield from _other_calls(node, in_text=in_text)
        case ast.For(iter=ast.Tuple() as items):
            for fewer in _one_less(items):
                yield f"in {_short(fewer)}", _with(node, iter=fewer)
        case ast.ExceptHandler(type=ast.Tuple() as items):
            for fewer in _one_less(items):
                yield f"only {_short(fewer)}", _with(node, type=fewer)
        case ast.ExceptHandler(body=[first, *_]) if not isinstance(first, ast.Raise):
            yield "raise", _with(node, body=[ast.Raise()])


def _one_less(items: ast.Tuple) -> Iterator[ast.Tuple]:
    for index in range(len(items.elts)):
        yield _with(items, elts=[*items.elts[:index], *items.elts[index + 1 :]])


def _other_constants(value: object, *, in_text: bool) -> Iterator[_Change]:
    if isinstance(value, bool):
        yield str(not value), ast.Constant(not value)
    elif isinstance(value, int | float) and not in_text:
        for other in (value + 1, value - 1):
            yield repr(other), ast.Constant(other)
    elif isinstance(value, str) and not in_text and not _SENTENCE.search(value):
        yield "other text", ast.Constant(f"XX{value}")
    elif isinstance(value, bytes) and not in_text:
        yield "other bytes", ast.Constant(b"XX" + value)


def _other_calls(node: ast.Call, *, in_text: bool) -> Iterator[_Change]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if len(node.args) > 1 and name not in {"isinstance", "max", "min"} and not in_text:
        first, second, *rest = node.args
        starred = isinstance(first, ast.Starred) or isinstance(second, ast.Starred)
        if not starred and ast.dump(first) != ast.dump(second):
            yield "arguments swapped", _with(node, args=[second, first, *rest])
    # A constant set is as good as a frozen one to whoever does not change it.
    constant = [argument for argument in node.args if _is_constant_set(argument)]
    if name in _CONVERSIONS and len(node.args) == 1 and not constant and not in_text:
        yield "the argument", node.args[0]
    if isinstance(node.func, ast.Attribute) and method in _NORMALISATIONS and not in_text:
        yield f"without .{method}()", node.func.value
    other = _OTHER_CALL.get(name or method)
    if other is not None:
        func = ast.Name(id=other) if name else _with(node.func, attr=other)
        yield other, _with(node, func=func)


def _is_constant_set(node: ast.AST) -> bool:
    return isinstance(node, ast.Set) and all(
        isinstance(element, ast.Constant) or ast.unparse(element).isupper() for element in node.elts
    )


def _removals(node: ast.stmt, *, in_function: bool) -> Iterator[_Change]:
    """A statement that is not there, or a result that is not given."""
    match node:
        case ast.Expr() | ast.Raise() | ast.AugAssign() | ast.Delete():
            yield "pass", ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]):
            yield "pass", ast.Pass()
        case ast.AnnAssign(target=ast.Attribute(), value=ast.AST()):
            yield "pass", ast.Pass()
        case ast.Assign() if not in_function and isinstance(node.value, ast.Name):
            yield "pass", ast.Pass()
        case ast.Return(value=ast.AST() as value):
            if not (isinstance(value, ast.Constant) and value.value is None):
                yield "return None", ast.Return(value=ast.Constant(None))
        case ast.Return():
            yield "pass", ast.Pass()
        case ast.Continue():
            yield "break", ast.Break()
        case ast.Break():
            yield "continue", ast.Continue()


def _with(node: Node, **fields: object) -> Node:
    """The node with some fields replaced; what is below is shared."""
    values = dict(ast.iter_fields(node)) | fields
    return type(node)(**values)


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
