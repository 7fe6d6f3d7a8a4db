"""Renders templates with transformers' own Jinja environment, as expectations for our interpreter.

    python3 generate.py features features.txt features.json
    python3 generate.py random 1500 random.json [SEED] && gzip -9 -n random.json

features.txt holds one hand-written template per line, with the sign U+23CE for a line break.
The other mode writes random templates over all the language's features.
Last run with transformers 5.12.1, jinja2 3.1.6, Python 3.14.10.
"""
import datetime
import json
import random
import re
import sys

import transformers.utils.chat_template_utils as reference

SEED = int(sys.argv[4]) if len(sys.argv) > 4 else 20250102
WORDS = ["a", "B", "abc", "Hello World", " x ", "a,b,c", "é😀日", "it's", '"q"', "<b>", "12", "3.5", "", "\n", "a\nb\n\nc",
         "role", "\tk\v", "foo-bar baz", "ǅ ß", "%s", "{}", "user", "x\\y", "aXbXc", "-7", "0x1f", "1e3"]
VARIABLES = {
    "msg": {"role": "user", "content": " Hello\nthere ", "n": None},
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi <b>\n", "meta": {"n": 3, "tags": ["x", "Y"]}},
        {"role": "assistant", "content": [{"type": "text", "text": "ok é"}, {"type": "image"}], "meta": {"n": 1}},
    ],
    "nums": [3, 1, 2, 10, -4], "mix": [0, "", "x", None, True, 1.5, [1], {"k": 1}],
    "words": ["b", "A", "c", "a"], "d": {"k": "v", "b": [1, 2], "n": {"m": 2.0}, "Z": None},
    "s": "aé😀 b-C", "l": [3, 1, 2, "x", None, True, 1.5], "i": 7,
    "keyed": {"items": [1, 2], "values": "v"}, "num": {"i": 3, "f": 2.5, "big": 123456789012345678901234567890, "neg": -7, "e": 1e-7}, "f": 2.5, "t": True, "none_value": None, "big": 123456789012345678901234567890,
}
R = random.Random(SEED)


class FixedTime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2025, 1, 2, 3, 4, 5)


reference.datetime = FixedTime


def quoted(text):
    q = R.choice("'\"")
    out = text.replace("\\", "\\\\").replace(q, "\\" + q)
    return q + (out.replace("\n", "\\n") if R.random() < 0.7 else out) + q


def number(k):
    if k <= 0:
        return R.choice(["0", "1", "2", "3", "-1", "7", "10", "i", "f", "1.5", "0.1", "2.0", "1e20", "big", "-3.75", "true"])
    return R.choice([
        lambda: f"{number(k-1)} {R.choice(['+','-','*','/','//','%'])} {number(k-1)}",
        lambda: f"({number(k-1)} {R.choice(['+','-','*','//','%'])} {number(k-1)})",
        lambda: f"{text(k-1)} | length", lambda: f"({sequence(k-1)}) | length", lambda: f"({sequence(k-1)}) | sum",
        lambda: f"({number(k-1)}) | {R.choice(['abs','int','float','round','round(1)','round(2)','string','tojson'])}",
        lambda: f"({text(k-1)}) | {R.choice(['int','float','int(5)','wordcount'])}",
        lambda: f"{primary(k-1)}.{R.choice(['find','rfind','count','index'])}({text(0)})",
        lambda: f"-{number(k-1)}", lambda: f"{R.choice(['2','3','-2','0','1.5'])} ** {R.choice(['0','2','3','-1','10','0.5'])}",
    ])()


def primary(k):
    return "(" + text(k) + ")"


def text(k):
    if k <= 0:
        return R.choice([quoted(R.choice(WORDS)), quoted(R.choice(WORDS)), "s", "msg.content", "msg['role']", "messages[1].content"])
    n = lambda: str(R.randint(-4, 6))
    method = lambda: R.choice([
        "strip()", "lstrip()", "rstrip()", f"strip({quoted(R.choice(['a','ab ','x']))})", "upper()", "lower()", "title()",
        "capitalize()", "swapcase()", f"replace({text(0)}, {text(0)})", f"replace({text(0)}, {text(0)}, {n()})",
        f"center({n()}, '*')", f"ljust({n()})", f"rjust({n()}, '.')", f"zfill({n()})", f"removeprefix({text(0)})",
        f"removesuffix({text(0)})", "expandtabs(4)", f"join({R.choice(['words','[]', '(s, s)', s_list(0)])})",
        f"split({quoted(R.choice([',',' ','X','b']))})[{R.choice(['0','-1'])}]",
    ])
    flt = lambda: R.choice([
        "upper", "lower", "title", "capitalize", "trim", "string", "reverse", "tojson", "indent", "indent(2, true)",
        "indent(width=1, blank=true)", f"replace({text(0)}, {text(0)})", "center(9)", "truncate(5, true, '.', 0)",
        "truncate(6, false, '', 1)", "urlencode", "first", "last", f"default({text(0)}, true)", "list", "join('-')",
        "trim('a')", "sort | join", "unique | join(',')", "max", "min", "batch(2) | list", "map('upper') | join",
        "select('in', 'abc') | join", "tojson(ensure_ascii=true)",
    ])
    spec = lambda: R.choice(["", ":>8", ":^7", ":*<6", ":.2", "!r", "!s:5"])
    nspec = lambda: R.choice(["", ":5", ":05", ":+", ":,", ":.2f", ":e", ":g", ":<7", ":^9", ":_", ":.3", ":08.1f", ":%"])
    pspec = lambda: R.choice(["%s", "%r", "%5s", "%-6s|", "%.2s"])
    pnum = lambda: R.choice(["%d", "%5d", "%05d", "%-5d|", "%+d", "%.2f", "%e", "%g", "%8.3f", "%s", "%x", "% d", "%i", "%G"])
    return R.choice([
        lambda: f"{text(k-1)} ~ {anything(k-1)}", lambda: f"{text(k-1)} + {text(k-1)}", lambda: f"{primary(k-1)}.{method()}",
        lambda: f"{primary(k-1)} | {flt()}", lambda: f"{primary(k-1)}[{n()}]",
        lambda: f"{primary(k-1)}[{R.choice(['',n()])}:{R.choice(['',n()])}{R.choice(['',':'+R.choice(['1','2','-1','-2'])])}]",
        lambda: f"{text(k-1)} if {boolean(k-1)} else {text(k-1)}", lambda: f"{primary(k-1)} * {R.randint(-1,3)}",
        lambda: f"({anything(k-1)}) | tojson", lambda: f"({anything(k-1)}) | string",
        lambda: f"({sequence(k-1)}) | join({text(0)})", lambda: f"'[{{{spec()}}}]'.format({text(k-1)})",
        lambda: f"'<{{{nspec()}}}>'.format({number(k-1)})", lambda: f"'{pspec()}' % ({text(k-1)})",
        lambda: f"'{pnum()}' | format({number(k-1)})", lambda: f"({mapping(k-1)}) | tojson(indent={R.randint(0,3)})",
    ])()


def s_list(k):
    return "[" + ", ".join(text(k) for _ in range(R.randint(0, 3))) + "]"


def sequence(k):
    if k <= 0:
        return R.choice(["nums", "mix", "words", "messages", "[]", "[1, 2]", "('a', 1)", "range(4)", "range(5, 0, -2)", "d.b"])
    return R.choice([
        lambda: "[" + ", ".join(anything(k-1) for _ in range(R.randint(0, 3))) + "]",
        lambda: "(" + "".join(anything(k-1) + ", " for _ in range(R.randint(0, 3))) + ")",
        lambda: f"({sequence(k-1)})[{R.choice(['',str(R.randint(-3,3))])}:{R.choice(['',str(R.randint(-3,3))])}{R.choice(['','',':2',':-1'])}]",
        lambda: f"({sequence(k-1)}) | {R.choice(['list','reverse | list','sort','sort(reverse=true)','unique | list','select | list','reject | list','batch(2) | list','slice(2) | list'])}",
        lambda: f"({sequence(k-1)}) | {R.choice(['select','reject'])}({R.choice(['chr(34)','1'])[:0]}{R.choice(test_names)}) | list",
        lambda: f"nums | {R.choice(['select','reject'])}({R.choice(arg_tests)}) | list",
        lambda: f"messages | map(attribute={R.choice(msg_attrs)}) | list",
        lambda: f"messages | map(attribute={R.choice(msg_attrs)}, default='-') | list",
        lambda: f"messages | {R.choice(['selectattr','rejectattr'])}({R.choice(msg_attrs)}, {R.choice(attr_tests)}) | map(attribute='role') | list",
        lambda: f"words | map({R.choice(map_filters)}) | list",
        lambda: f"({mapping(k-1)}) | {R.choice(['dictsort','list','items | list'])}",
        lambda: f"({mapping(k-1)}).{R.choice(['keys','values','items'])}() | list",
        lambda: f"{primary(k-1)}.{R.choice(['split()','split(None)',chr(115)+'plitlines()','splitlines(true)'])}".replace("None", "none"),
        lambda: f"{primary(k-1)}.{R.choice(['split','rsplit'])}({R.choice(['none', quoted(R.choice([',', ' ', 'X', 'b', 'a'])) ])}, {R.randint(-1,2)})",
        lambda: f"{primary(k-1)}.{R.choice(['partition','rpartition'])}({quoted(R.choice([',', ' ', 'X', 'b']))})",
        lambda: f"({sequence(k-1)}) + ({sequence(k-1)})", lambda: f"[{anything(k-1)}] * {R.randint(0,2)}",
    ])()


test_names = ["'none'", "'string'", "'number'", "'mapping'", "'defined'", "'sequence'", "'iterable'", "'true'", "'integer'", "'float'", "'boolean'"]
arg_tests = ["'odd'", "'even'", "'gt', 2", "'divisibleby', 2", "'in', [1, 10]", "'equalto', 3", "'<=', 1", "'ne', 2", "'>', i"]
msg_attrs = ["'role'", "'content'", "'meta'", "'meta.n'", "'meta.tags.0'", "'nope'"]
attr_tests = ["'defined'", "'equalto', 'user'", "'string'", "'none'", "'mapping'", "'in', ['user', 'system']", "'undefined'", "'iterable'"]
map_filters = ["'upper'", "'replace', 'a', 'z'", "'center', 3", "'length'", "'list'", "'default', 'x'", "'tojson'", "'trim'", "'int', 4"]


def mapping(k):
    if k <= 0:
        return R.choice(["d", "msg", "{}", "messages[1]", "{'b': 1, 'a': 2, 'C': 3}", "d.n"])
    return R.choice([
        lambda: "{" + ", ".join(f"{R.choice([quoted(R.choice(WORDS)), '1', 'true', 'i', 'none'])}: {anything(k-1)}" for _ in range(R.randint(0, 3))) + "}",
        lambda: f"dict({mapping(k-1)}, extra={anything(k-1)})", lambda: f"({mapping(k-1)}).copy()",
    ])()


def boolean(k):
    if k <= 0:
        return R.choice(["true", "false", "t", "none", "nope is defined", "msg.role == 'user'", "not words", "i > 3", "'a' in s"])
    return R.choice([
        lambda: f"{anything(k-1)} {R.choice(['==','!='])} {anything(k-1)}", lambda: f"{number(k-1)} {R.choice(['<','<=','>','>='])} {number(k-1)}",
        lambda: f"{text(k-1)} {R.choice(['in','not in'])} {text(k-1)}", lambda: f"{anything(k-1)} {R.choice(['in','not in'])} ({sequence(k-1)})",
        lambda: f"({anything(k-1)}) is {R.choice(['','not '])}{R.choice(['defined','none','string','number','mapping','sequence','iterable','integer','float','boolean','true','false','odd','lower','upper','callable','undefined'])}",
        lambda: f"not {boolean(k-1)}", lambda: f"{boolean(k-1)} {R.choice(['and','or'])} {boolean(k-1)}",
        lambda: f"{primary(k-1)}.{R.choice(['startswith','endswith'])}({R.choice([text(0), f'({text(0)}, {text(0)})'])})",
        lambda: f"{primary(k-1)}.{R.choice(['isdigit','isalpha','isalnum','isspace','isupper','islower','istitle','isnumeric','isascii','isprintable'])}()",
        lambda: f"{text(k-1)} {R.choice(['<','>='])} {text(k-1)}",
    ])()


def anything(k):
    return R.choice([number, text, sequence, mapping, boolean, text, lambda k: R.choice(["nope", "none", "msg.nope", "messages[9]"])])(k)


def space():
    return R.choice(["", "", "\n", "  ", "\n  ", " \n", "x", "\ty\n", "\r\n "])


def tag(inner):
    return "{%" + R.choice(["", "", "-", "+"]) + " " + inner + " " + R.choice(["", "", "-", "+"]) + "%}"


def show(inner):
    return "{{" + R.choice(["", "", "-"]) + " " + inner + " " + R.choice(["", "", "-"]) + "}}"


def block(k):
    parts = []
    for _ in range(R.randint(1, 3)):
        parts.append(space())
        parts.append(piece(k))
    return "".join(parts) + space()


def piece(k):
    if k <= 0:
        return show(anything(R.randint(0, 1)))
    loop_use = lambda: show(R.choice(["loop.index", "loop.last", "loop.first", "loop.revindex0", "loop.length", "loop.previtem", "loop.nextitem", "loop.cycle('p', 'q')", "x", "x", "loop.changed(x)"]))
    return R.choice([
        lambda: show(anything(2)), lambda: "{#" + R.choice(["", "-"]) + " note " + R.choice(["", "-", "+"]) + "#}",
        lambda: tag("if " + boolean(1)) + block(k-1) + (tag("elif " + boolean(1)) + block(k-1) if R.random() < 0.4 else "") + (tag("else") + block(k-1) if R.random() < 0.5 else "") + tag("endif"),
        lambda: tag("for x in " + R.choice([sequence(0), text(0), "msg", "nope"]) + (" if x" if R.random() < 0.3 else "")) + space() + loop_use() + (tag("if loop.index > 2") + tag(R.choice(["break", "continue"])) + tag("endif") if R.random() < 0.3 else "") + block(k-1) + loop_use() + (tag("else") + block(k-1) if R.random() < 0.3 else "") + tag("endfor"),
        lambda: tag("for a, b in " + R.choice(["d.items()", "d | dictsort", "[(1, 2), [3, 4]]", "msg.items()"])) + show("a ~ '=' ~ b") + block(k-1) + tag("endfor"),
        lambda: tag("set v = " + anything(1)) + block(k-1) + show("v"), lambda: tag("set v") + block(k-1) + tag("endset") + show("v | length"),
        lambda: tag("set v, w = " + anything(0) + ", " + anything(0)) + show("w") + show("v"),
        lambda: tag("set ns = namespace(c=0)") + tag("for x in " + sequence(0)) + tag("set ns.c = ns.c + loop.index") + block(k-1) + tag("endfor") + show("ns.c"),
        lambda: tag("macro m(p, q=" + anything(0) + ")") + block(k-1) + show("p") + show("q") + R.choice(["", show("varargs"), show("kwargs")]) + tag("endmacro") + show(R.choice(["m(1)", "m()", "m(1, 2)", "m(q=3, p=4)", "m(1, 2, 3)", "m(1, z=2)"])),
        lambda: tag("macro w(p)") + "[" + show("caller(p)") + "]" + tag("endmacro") + tag("call(y) w(" + anything(0) + ")") + show("y") + block(k-1) + tag("endcall"),
        lambda: tag("filter " + R.choice(["upper", "trim", "indent(2)", "replace('a', 'b')", "title", "length"])) + block(k-1) + tag("endfilter"),
        lambda: tag("with v = " + anything(0)) + show("v") + block(k-1) + tag("endwith"), lambda: tag("generation") + block(k-1) + tag("endgeneration"),
        lambda: tag("raw") + "{{ x }}" + space() + tag("endraw"),
    ])()


def run(source):
    try:
        return {"out": reference._compile_jinja_template(source).render(**json.loads(json.dumps(VARIABLES)))}
    except Exception as e:
        return {"error": type(e).__name__ + ": " + str(e)}


def write(cases, target):
    with open(target, "w", encoding="utf-8") as out:
        json.dump({"variables": VARIABLES, "cases": cases}, out, ensure_ascii=False, indent=0)
        out.write("\n")


def features(source, target):
    with open(source, encoding="utf-8") as lines:
        templates = [line.rstrip("\n").replace("\u23ce", "\n") for line in lines]
    write([{"template": template, **run(template)} for template in templates], target)


def random_templates(count, target):
    cases, errors = [], 0
    while len(cases) < count:
        source = show(anything(R.randint(1, 3))) if R.random() < 0.6 else block(R.randint(1, 3))
        if len(source) > 400:
            continue
        result = run(source)
        # A type's own name or address is not part of the language, and we have no complex numbers;
        # huge results only cost space.
        if re.search(r" at 0x|<generator|<built-in|dict_|Exceeds the limit|nan|\dj\)", str(result)) or len(str(result)) > 600:
            continue
        if "error" in result:
            errors += 1
            if errors > count // 5:
                errors -= 1
                continue
        cases.append({"template": source, **result})
    write(cases, target)


if sys.argv[1] == "features":
    features(sys.argv[2], sys.argv[3])
else:
    random_templates(int(sys.argv[2]), sys.argv[3])
