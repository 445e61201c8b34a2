# SPDX-License-Identifier: MIT
"""Evaluates formulas with Python's own parser and arithmetic and compares: reads lines
"formula<TAB>kind<TAB>result" and fails on the first lines that differ. Reals are compared by
their bits."""
import ast
import math
import sys

LOW, HIGH = -(2**63), 2**64 - 1
UNKNOWN = None


def integer(value):
    return value if LOW <= value <= HIGH else UNKNOWN


def real(value):
    if isinstance(value, complex) or not math.isfinite(value):
        return UNKNOWN
    return value + 0.0  # no -0.0


def both_whole(a, b):
    return isinstance(a, int) and isinstance(b, int)


def add(a, b):
    return integer(a + b) if both_whole(a, b) else real(float(a) + float(b))


def subtract(a, b):
    return integer(a - b) if both_whole(a, b) else real(float(a) - float(b))


def multiply(a, b):
    return integer(a * b) if both_whole(a, b) else real(float(a) * float(b))


def divide(a, b):
    return UNKNOWN if b == 0 else real(float(a) / float(b))


def remainder(a, b):
    if b == 0:
        return UNKNOWN
    if both_whole(a, b):
        return (abs(a) % abs(b)) * (-1 if a < 0 else 1)
    return real(math.fmod(a, b))


def power(a, b):
    if both_whole(a, b) and b >= 0 and (abs(a) < 2 or b <= 64):
        exact = a ** (b if abs(a) > 1 else (b % 2 + 2 if b > 1 else b))
        if LOW <= exact <= HIGH:
            return exact
    try:
        return real(float(a) ** float(b))
    except (OverflowError, ZeroDivisionError):
        return UNKNOWN


ARITHMETIC = {
    ast.Add: add,
    ast.Sub: subtract,
    ast.Mult: multiply,
    ast.Div: divide,
    ast.Mod: remainder,
    ast.Pow: power,
}
COMPARISON = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}


def evaluate(node):
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp):
        inner = evaluate(node.operand)
        if inner is UNKNOWN:
            return UNKNOWN
        if isinstance(node.op, ast.Not):
            return not inner
        return integer(-inner) if isinstance(inner, int) else real(-inner)
    if isinstance(node, ast.BoolOp):  # every operand is needed: no short cut
        values = [evaluate(value) for value in node.values]
        if UNKNOWN in values:
            return UNKNOWN
        return all(values) if isinstance(node.op, ast.And) else any(values)
    if isinstance(node, ast.Compare):
        (operator,) = node.ops
        a, b = evaluate(node.left), evaluate(node.comparators[0])
        if a is UNKNOWN or b is UNKNOWN:
            return UNKNOWN
        return COMPARISON[type(operator)](a, b)
    assert isinstance(node, ast.BinOp), ast.dump(node)
    a, b = evaluate(node.left), evaluate(node.right)
    if a is UNKNOWN or b is UNKNOWN:
        return UNKNOWN
    return ARITHMETIC[type(node.op)](a, b)


def describe(value):
    if value is UNKNOWN:
        return "unknown", "-"
    if isinstance(value, bool):
        return "boolean", "true" if value else "false"
    if isinstance(value, int):
        return "integer", str(value)
    return "real", value.hex()


def is_same(expected, found):
    if expected[0] == "real" == found[0]:
        return float.fromhex(expected[1]) == float.fromhex(found[1])
    return expected == found


def main():
    kinds = {}
    wrong = 0
    with open(sys.argv[1], encoding="ascii") as lines:
        for line in lines:
            text, kind, result = line.rstrip("\n").split("\t")
            source = text.replace("^", "**").replace("true", "True").replace("false", "False")
            expected = describe(evaluate(ast.parse(source, mode="eval").body))
            kinds[expected[0]] = kinds.get(expected[0], 0) + 1
            if not is_same(expected, (kind, result)):
                wrong += 1
                if wrong <= 5:
                    print(f"{text}\n  is {kind} {result}, python says {' '.join(expected)}")
    print(f"{sum(kinds.values())} formulas, {wrong} wrong: {kinds}")
    few = [kind for kind in ("unknown", "boolean", "integer", "real") if kinds.get(kind, 0) < 100]
    if few:
        print(f"hardly any result is {', '.join(few)}: the formulas prove nothing")
    return 1 if wrong or few else 0


sys.exit(main())
