"""The rules themselves: each must complain about what it forbids and keep quiet about its lawful twin."""
import unittest

import rules
from source import code_only


def complaints(rule, text, name="src/net/x.cpp"):
    return [message for _, message in rule(name, text)]


class RuleCase(unittest.TestCase):
    def bad(self, rule, text, name="src/net/x.cpp"):
        self.assertTrue(complaints(rule, text, name), f"{rule.__name__} says nothing about: {text!r}")

    def good(self, rule, text, name="src/net/x.cpp"):
        self.assertEqual(complaints(rule, text, name), [], f"{rule.__name__} about: {text!r}")


class Scrubbing(unittest.TestCase):
    def test_comments_and_literals_go_and_lines_stay(self):
        text = 'a("x{"); // {\nb(\'{\'); /* {\n{ */ c(R"q({)")q"); d(1\'000);\n'
        code = code_only(text)
        self.assertNotIn("{", code)
        self.assertEqual(code.count("\n"), text.count("\n"))
        self.assertEqual(len(code), len(text))
        self.assertIn("1'000", code)


class Includes(RuleCase):
    def test_module_includes(self):
        self.bad(rules.module_includes, '#include "postern/spool/spool.hpp"')
        self.bad(rules.module_includes, '#include "postern/delivery/delivery.hpp"', "src/intake/x.cpp")
        self.bad(rules.module_includes, '#include "spool/writer.hpp"')
        self.bad(rules.module_includes, '#include "postern/net/tls.hpp"', "tests/mail/x_test.cpp")
        self.bad(rules.module_includes, '#include "tls_context.hpp"', "include/postern/net/tls.hpp")
        self.good(rules.module_includes, '#include "postern/base/clock.hpp"\n#include "postern/net/tls.hpp"')
        self.good(rules.module_includes, '#include "tls_context.hpp"\n#include "net/tls_context.hpp"')
        self.good(rules.module_includes, '#include "support/run.hpp"', "tests/net/x_test.cpp")

    def test_library_includes(self):
        self.bad(rules.library_includes, "#include <dkim.h>", "src/dkim/signer.cpp")
        self.bad(rules.library_includes, "#include <boost/beast/http.hpp>", "src/net/listener.cpp")
        self.bad(rules.library_includes, "#include <CLI/CLI.hpp>", "src/app/config.cpp")
        self.bad(rules.library_includes, "#include <yaml-cpp/yaml.h>", "src/cli/check.cpp")
        self.bad(rules.library_includes, "#include <sqlite3.h>", "src/delivery/x.cpp")
        self.good(rules.library_includes, "#include <dkim.h>", "src/dkim/opendkim.cpp")
        self.good(rules.library_includes, "#include <boost/beast/http.hpp>", "src/net/http_server.cpp")
        self.good(rules.library_includes, "#include <SQLiteCpp/Database.h>", "tests/spool/spool_test.cpp")


class Bans(RuleCase):
    def test_banned_words(self):
        for text in (
            "co_spawn(e, f(), detached);",
            "std::this_thread::sleep_for(1s);",
            "usleep(5);",
            "sleep(1);",
            "std::system(command);",
            "system(x);",
            "if (fork() == 0) {}",
            "popen(a, b);",
            "execv(a, b);",
            "std::chrono::system_clock::now();",
            "steady_clock::now();",
            "time(nullptr);",
            "::time(0);",
            "gettimeofday(&t, 0);",
            "clock_gettime(CLOCK_REALTIME, &t);",
            "std::cout << 1;",
            "printf(a);",
            "using namespace std;",
        ):
            with self.subTest(text):
                self.bad(rules.banned_words, text)

    def test_their_lawful_twins(self):
        for text in (
            "// detached is banned",
            '"system("',
            "co_await base::sleep_for(clock, 1s);",
            "clock.wall_now();",
            "file_system(x);",
            "x.system(y);",
            "expires_time(x);",
            "error_code(e, system_category());",
            "steady_clock::time_point t;",
            "using namespace std::chrono_literals;",
            "snprintf(b, n, f);",
        ):
            with self.subTest(text):
                self.good(rules.banned_words, text)
        self.good(rules.banned_words, "std::chrono::system_clock::now();", "src/base/clock.cpp")
        self.good(rules.banned_words, "std::cout << line;", "src/cli/main.cpp")


class Await(RuleCase):
    def test_forms_that_are_miscompiled(self):
        for text in (
            "if (co_await f()) return;",
            "while (co_await f()) {}",
            "switch (co_await f()) {}",
            "if (auto n = co_await f(); n > 3) {}",
            "for (auto x : co_await f()) {}",
            "auto r = co_await (c ? f() : g());",
            "auto r = c ? co_await f() : co_await g();",
            "auto r = co_await put({from, to});",
            "co_await put(Envelope{.from = a});",
            "co_await [s]() -> Task<> { co_return; }();",
            "co_await run(pool, [s] { return s; });",
            "co_await run(pool,\n         [s] { return s; });",
            "use(co_await f());",
            "auto r = (co_await f()) + (co_await g());",
            "if (a) return !co_await f();",
        ):
            with self.subTest(text):
                self.bad(rules.await_alone, text)

    def test_the_one_form(self):
        for text in (
            "auto r = co_await f(a, g(b), std::move(c));",
            "co_await f();",
            "co_return co_await f(x[1]);",
            "const bool ok = co_await f(lines[n], std::string(a));\nif (ok) { return; }",
            "auto f = [s]() -> Task<> { co_await g(s); };",
            "// if (co_await f())\n",
            "x ? 1 : 2; co_await f();",
            "co_await (*stream)->close();",
            "auto r = co_await f(c ? 1 : 2);",
            "if (a) co_await f();\nelse co_return co_await g();",
        ):
            with self.subTest(text):
                self.good(rules.await_alone, text)


class Sizes(RuleCase):
    def test_lines_and_files(self):
        self.bad(rules.line_lengths, "x" * 111)
        self.good(rules.line_lengths, "x" * 110)
        self.bad(rules.file_length, "x\n" * 501)
        self.good(rules.file_length, "x\n" * 500)

    def long_and_short(self, head, indent=""):
        body = f"{indent}  x();\n"
        self.bad(rules.function_lengths, f"namespace a {{\n{indent}{head} {{\n{body * 60}{indent}}}\n}}\n")
        self.good(rules.function_lengths, f"namespace a {{\n{indent}{head} {{\n{body * 58}{indent}}}\n}}\n")

    def test_functions(self):
        for head in (
            "void f()",
            "Task<void> Session::run(int a, std::string b)",
            "int f() const noexcept",
            "Foo::Foo(int a) : a_{a}, b_(2), c_{}",
            "auto f() -> std::vector<int>",
            "template <class T>\nT f(T t)",
        ):
            with self.subTest(head):
                self.long_and_short(head)

    def test_a_long_class_or_table_is_no_function(self):
        self.good(rules.function_lengths, "class A {\n" + "  int f() { return 1; }\n" * 90 + "};\n")
        self.good(rules.function_lengths, "const int table[] = {\n" + "  1,\n" * 90 + "};\n")

    def test_a_method_in_a_class_counts(self):
        self.bad(rules.function_lengths, "class A {\n  int f() {\n" + "    x();\n" * 70 + "  }\n};\n")

    def test_blocks_within_a_function_belong_to_it(self):
        self.bad(rules.function_lengths, "void f() {\n" + "  if (a) {\n    x();\n  }\n" * 25 + "}\n")


class Words(RuleCase):
    def test_header_comment(self):
        self.bad(rules.header_comment, "#pragma once\n#include <a>\n", "include/postern/net/x.hpp")
        self.bad(rules.header_comment, "// What it is.\n#include <a>\n", "include/postern/net/x.hpp")
        self.good(rules.header_comment, "// What it is.\n#pragma once\n", "include/postern/net/x.hpp")
        self.good(rules.header_comment, "#pragma once\n\n// What it is.\n", "include/postern/net/x.hpp")

    def test_machine_paths(self):
        self.bad(rules.machine_paths, "see /" + "work/shared")
        self.bad(rules.machine_paths, "open('/" + "root/x')")
        self.good(rules.machine_paths, "src/network/ and $dir/" "work/x and /var/root")

    def test_left_open(self):
        self.bad(rules.left_open, "// TO" + "DO: later")
        self.good(rules.left_open, "// to do so, ...")
