package org.vesalius.clinical.scores;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The checked inputs of a calculation, and what is noted on the way. Of one calculation only. */
public final class Worksheet {
  private final Map<String, Object> values;
  private final List<String> parts = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  Worksheet(Map<String, Object> values) {
    this.values = values;
  }

  private Object get(String name) {
    return Objects.requireNonNull(values.get(name), name);
  }

  boolean flag(String name) {
    return (Boolean) get(name);
  }

  double value(String name) {
    return (Double) get(name);
  }

  /** A number of a source that knows whole ones only. */
  double whole(String name) {
    double value = value(name);
    if (value != Math.rint(value)) {
      throw new ScoreInputException("input " + name + ": expected a whole number");
    }
    return value;
  }

  String choice(String name) {
    return (String) get(name);
  }

  /** These points if something holds. */
  double points(String what, boolean holds, double points) {
    double added = holds ? points : 0;
    parts.add(what + ": " + ScoreResult.number(added, 1));
    return added;
  }

  /** These points if a flag is set. */
  double points(String flag, double points) {
    return points(flag, flag(flag), points);
  }

  /** Points that were found otherwise. */
  double add(String what, double points) {
    return points(what, true, points);
  }

  void note(String sentence) {
    notes.add(sentence);
  }

  List<String> parts() {
    return parts;
  }

  List<String> notes() {
    return notes;
  }
}
