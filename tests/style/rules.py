"""The style rules: each takes a file's name and text and yields (line, complaint). style_test.py runs them.

They are approximate on purpose: they know no grammar, only clang-formatted text.
"""
import re

from source import code_only, line_of, matching, table

MODULES = table("modules.txt")
LIBRARIES = table("libraries.txt")
LINE_COLUMNS = 110
FILE_LINES = 500
FUNCTION_LINES = 60


def module_of(name):
    """The module that a file belongs to, None outside the modules."""
    match = re.match(r"(?:src|tests|include/postern)/(\w+)/", name)
    return match.group(1) if match and match.group(1) in MODULES else None


# --- includes


def includes(text):
    for match in re.finditer(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', text, re.MULTILINE):
        yield line_of(text, match.start(1)), match.group(1) == '"', match.group(2)


def module_includes(name, text):
    """Public headers along the arrows of modules.txt, private ones of the own module only."""
    module = module_of(name)
    if module is None:
        return
    extra = MODULES.get(name.rsplit("/", 1)[0], [])
    allowed = {module, *MODULES[module], *extra}
    for line, quoted, header in includes(text):
        public = re.match(r"postern/(\w+)/", header)
        if public and public.group(1) not in allowed:
            yield line, f"{module} may not include {public.group(1)} (tests/style/modules.txt)"
        first = header.split("/")[0]
        if quoted and not public and "/" in header and first in MODULES and first != module:
            yield line, f"a private header of {first}"
        if quoted and name.startswith("include/") and not public:
            yield line, "a public header includes public headers only"


def library_includes(name, text):
    """Libraries only where libraries.txt has them."""
    own = re.sub(r"^tests/", "src/", name)
    for line, quoted, header in includes(text):
        for library, places in LIBRARIES.items():
            if (
                not quoted
                and header.startswith(library)
                and not any(f.startswith(tuple(places)) for f in (name, own))
            ):
                yield line, f"<{header}> belongs into {' '.join(places)}"


# --- banned words

BANS = [  # pattern, why, and files that are exempt
    (r"\bdetached\b", "swallows exceptions: base::spawn", ()),
    (r"\bthis_thread\s*::\s*sleep_|\bu?sleep\s*\(|\bnanosleep\s*\(", "waits go through base::Clock", ()),
    (r"(?<![\w.>])(?:std\s*::\s*|::\s*)?system\s*\(", "no other programs are run", ()),
    (
        r"(?<![\w.>])v?fork\s*\(|\bpopen\s*\(|\bposix_spawnp?\s*\(|(?<![\w.>])exec[lv]p?e?\s*\(",
        "postern is fork-free",
        (),
    ),
    (
        r"_clock\s*::\s*now\b|(?<![\w.>])(?:std\s*::\s*|::\s*)?time\s*\(\s*(?:nullptr|NULL|0|&)"
        r"|\bgettimeofday\b|\bclock_gettime\b",
        "time comes from base::Clock",
        ("src/base/clock.cpp", "tests/"),
    ),
    (
        r"\bstd\s*::\s*(?:cout|cerr|clog)\b|(?<!\w)f?printf\s*\(",
        "only the programs print; others log",
        ("src/cli/", "src/sandbox/", "tests/", "src/app/daemon.cpp"),
    ),
    (r"\busing\s+namespace\s+(?!std\s*::\s*\w*literals)", "names come from somewhere", ("tests/",)),
]


def banned_words(name, text):
    code = code_only(text)
    for pattern, why, exempt in BANS:
        if name.startswith(exempt):
            continue
        for match in re.finditer(pattern, code):
            yield line_of(code, match.start()), f"{match.group().strip()}: {why}"


# --- co_await forms that g++ 12.2 miscompiles


def await_alone(name, text):
    """`auto r = co_await f(names);` is the one form. Others crash or give wrong values under g++ 12.2."""
    code = code_only(text)
    for match in re.finditer(r"\b(if|while|switch|for)\s*(?:constexpr\s*)?\(", code):
        condition = code[match.end() - 1 : matching(code, match.end() - 1)]
        if re.search(r"\bco_await\b", condition):
            yield line_of(code, match.start()), f"co_await inside {match.group(1)} (...)"
    for match in re.finditer(r"\bco_await\b", code):
        line = line_of(code, match.start())
        operand = code[match.end() : statement_end(code, match.end())]
        before = code[statement_start(code, match.start()) : match.start()]
        if not re.search(r"(?:^|[=):]|\b(?:co_)?return|\belse)\s*$", before):
            yield line, "co_await inside an expression: name its result first"
        if re.match(r"\s*\((?!\*\w+\)(?:->|\.))", operand):
            yield line, "co_await (...): name what is awaited"
        if "{" in operand:
            yield line, "braces or a lambda in a co_await expression: name the temporary first"
        if re.search(r"(?:^|[^\w\])\s]|\breturn)\s*\[", operand):
            yield line, "a lambda in a co_await expression: name it first"
        if "?" in re.sub(r"\(.*\)", "", operand, flags=re.DOTALL) or "?" in before:
            yield line, "co_await inside ?:"
        if re.search(r"\bco_await\b", operand):
            yield line, "two co_await in one statement"


def statement_end(code, position):
    """The `;` that ends the statement, or the bracket that closes what the statement stands in."""
    depth = 0
    for i in range(position, len(code)):
        if code[i] in "([{":
            depth += 1
        elif code[i] in ")]}":
            depth -= 1
            if depth < 0:
                return i
        elif code[i] == ";" and depth == 0:
            return i
    return len(code)


def statement_start(code, position):
    return max(code.rfind(";", 0, position), code.rfind("{", 0, position), code.rfind("}", 0, position)) + 1


# --- sizes


def line_lengths(name, text):
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > LINE_COLUMNS:
            yield number, f"{len(line)} columns, {LINE_COLUMNS} at most"


def file_length(name, text):
    lines = text.count("\n")
    if lines > FILE_LINES:
        yield lines, f"{lines} lines, {FILE_LINES} at most"


def functions(code):
    """(line, length) of each function body, by matching braces in code without comments and literals.

    clang-format sets a space before the brace of a body and none before one of an initialiser.
    """
    start = position = 0
    while position < len(code):
        char = code[position]
        if char in ";":
            start = position + 1
        elif char == "}":
            start = position + 1
        elif char == "{" and code[position - 1 : position].isspace():
            head = code[start:position]
            if is_function(head):
                end = matching(code, position)
                yield line_of(code, position), code.count("\n", position, end) + 1
                position, start = end - 1, end
            elif not is_scope(head):
                position = matching(code, position) - 1
                start = position + 1
            else:
                start = position + 1
        elif char == "{":
            position = matching(code, position) - 1
        position += 1


def is_scope(head):
    return re.search(r"\b(namespace|class|struct|union|extern)\b", head) is not None


def is_function(head):
    head = re.sub(r"(?m)^\s*#.*$", "", head).strip()
    scope = re.match(r"(?:template\s*<[^{;]*>\s*)?(?:namespace|class|struct|union|enum|extern)\b", head)
    return "(" in head and not scope and not head.endswith(("=", "return", ","))


def function_lengths(name, text):
    for line, length in functions(code_only(text)):
        if length > FUNCTION_LINES:
            yield line, f"a function of {length} lines, {FUNCTION_LINES} at most"


# --- comments and words of any text file


def header_comment(name, text):
    """A header says first what it is: a comment before or right after #pragma once."""
    lines = [line for line in text.splitlines() if line.strip()]
    if "#pragma once" not in lines[:12]:
        yield 1, "no #pragma once at the top"
        return
    lines.remove("#pragma once")
    comment = 0
    while comment < len(lines) and lines[comment].startswith("//"):
        comment += 1
    if comment == 0:
        yield 1, "a header begins with a comment: what, who calls it, which thread, what it does not do"
    if comment > 10:
        yield comment, f"an opening comment of {comment} lines; it should be 2 to 6"


def machine_paths(name, text):
    for match in re.finditer(r"(?<![\w.}])/(?:work|root)/", text):
        yield line_of(text, match.start()), f"a path of one machine: {match.group()}"


def left_open(name, text):
    for match in re.finditer(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b", text):
        yield line_of(text, match.start()), f"left open: {match.group()}"


CPP_RULES = [
    module_includes,
    library_includes,
    banned_words,
    await_alone,
    line_lengths,
    file_length,
    function_lengths,
]
HEADER_RULES = [header_comment]
TEXT_RULES = [machine_paths, left_open]
SCRIPT_RULES = [line_lengths, file_length]
