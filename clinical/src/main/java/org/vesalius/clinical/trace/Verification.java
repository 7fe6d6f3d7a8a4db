package org.vesalius.clinical.trace;

import java.util.List;
import java.util.Optional;

/**
 * What came of checking a trace's file.
 *
 * @param problems that were found, in the order of the checks, the first thousand; empty for a
 *     trace that is as it was written
 * @param entries that the file has; 0 where it is not readable that far
 * @param lastHash of the file, which stands for the whole trace; empty where it is not readable
 * @param signature state of it
 * @param signedBy fingerprint of the key that signed, SHA-256 of its X.509 form in hexadecimal;
 *     empty where no valid signature is
 */
public record Verification(
    List<Problem> problems,
    int entries,
    Optional<String> lastHash,
    SignatureState signature,
    Optional<String> signedBy) {

  /** Copies the list. */
  public Verification {
    problems = List.copyOf(problems);
  }

  /**
   * Something that is not as it must be.
   *
   * @param line of the file, from 1; 0 where it is none in particular
   * @param what was expected and found; repeats nothing of what the file says of a patient
   */
  public record Problem(int line, String what) {
    /** For people. */
    @Override
    public String toString() {
      return line == 0 ? what : "line " + line + ": " + what;
    }
  }

  /** What is known of a signature. */
  public enum SignatureState {
    /** There is none, or the file is not readable that far. */
    ABSENT,
    /** It is not one of this trace, or not by the key that was asked for. */
    INVALID,
    /** The key in the file has signed this trace. Whose it is was not asked. */
    BY_SOME_KEY,
    /** The key that was asked for has signed this trace. */
    BY_REQUIRED_KEY
  }

  /** Whether no check failed. */
  public boolean isValid() {
    return problems.isEmpty();
  }

  /** What is known, in a sentence or two for people. */
  public String summary() {
    if (!isValid()) {
      return problems.size() == 1
          ? "NOT VALID: 1 problem was found."
          : "NOT VALID: %d problems were found.".formatted(problems.size());
    }
    String chain = "The chain of %d entries is unbroken.".formatted(entries);
    return chain
        + switch (signature) {
          case ABSENT -> " Nobody has signed it, so whoever changed it could have written it anew.";
          case INVALID -> " Its signature is not valid.";
          case BY_SOME_KEY ->
              " It is signed by the key %s; whose that is was not asked."
                  .formatted(signedBy.orElse("?"));
          case BY_REQUIRED_KEY ->
              " It is signed by the key that was asked for, %s.".formatted(signedBy.orElse("?"));
        };
  }
}
