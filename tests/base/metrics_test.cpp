#include "postern/base/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace postern::base {
namespace {

using testing::HasSubstr;

TEST(Metrics, renders_counters_with_help_and_type_once) {
  Metrics metrics;
  metrics.counter("postern_a_total", "What it counts.", {{"kind", "x"}}).add(2);
  metrics.counter("postern_a_total", "What it counts.", {{"kind", "y"}}).add();
  EXPECT_EQ(metrics.render(),
            "# HELP postern_a_total What it counts.\n# TYPE postern_a_total counter\n"
            "postern_a_total{kind=\"x\"} 2\npostern_a_total{kind=\"y\"} 1\n");
}

TEST(Metrics, gives_the_same_object_for_the_same_name_and_labels) {
  Metrics metrics;
  auto& first = metrics.counter("c", "h", {{"a", "1"}});
  EXPECT_EQ(&metrics.counter("c", "h", {{"a", "1"}}), &first);
  EXPECT_NE(&metrics.counter("c", "h", {{"a", "2"}}), &first);
  EXPECT_EQ(&metrics.gauge("g", "h"), &metrics.gauge("g", "h"));
  EXPECT_EQ(&metrics.histogram("t", "h", {1}), &metrics.histogram("t", "h", {1}));
}

TEST(Metrics, renders_gauges_and_asks_functions_while_rendering) {
  Metrics metrics;
  metrics.gauge("postern_g", "h").set(0.25);
  double value = 1;
  metrics.gauge_function("postern_f", "h", {{"state", "held"}}, [&value] { return value; });
  value = 17;
  const std::string out = metrics.render();
  EXPECT_THAT(out, HasSubstr("# TYPE postern_f gauge\npostern_f{state=\"held\"} 17\n"));
  EXPECT_THAT(out, HasSubstr("# TYPE postern_g gauge\npostern_g 0.25\n"));
}

TEST(Metrics, renders_histograms_cumulatively) {
  Metrics metrics;
  auto& seconds = metrics.histogram("postern_t_seconds", "h", {0.1, 1}, {{"k", "v"}});
  for (const double s : {0.05, 0.1, 0.5, 8.0}) seconds.observe(s);
  EXPECT_EQ(seconds.count(), 4U);
  EXPECT_THAT(metrics.render(), HasSubstr("postern_t_seconds_bucket{k=\"v\",le=\"0.1\"} 2\n"
                                          "postern_t_seconds_bucket{k=\"v\",le=\"1\"} 3\n"
                                          "postern_t_seconds_bucket{k=\"v\",le=\"+Inf\"} 4\n"
                                          "postern_t_seconds_sum{k=\"v\"} 8.65\n"
                                          "postern_t_seconds_count{k=\"v\"} 4\n"));
}

TEST(Metrics, escape_label_values_and_help) {
  Metrics metrics;
  metrics.counter("c", "a\\b\nc", {{"l", "q\"b\\n\n"}});
  EXPECT_EQ(metrics.render(), "# HELP c a\\\\b\\nc\n# TYPE c counter\nc{l=\"q\\\"b\\\\n\\n\"} 0\n");
}

TEST(Metrics, what_is_no_number_is_spelled_as_prometheus_does) {
  Metrics metrics;
  metrics.gauge("a", "help").set(std::numeric_limits<double>::quiet_NaN());
  metrics.gauge_function("b", "help", {}, [] { return std::numeric_limits<double>::infinity(); });
  EXPECT_NE(metrics.render().find("a NaN\n"), std::string::npos) << metrics.render();
  EXPECT_NE(metrics.render().find("b +Inf\n"), std::string::npos) << metrics.render();
}

}  // namespace
}  // namespace postern::base
