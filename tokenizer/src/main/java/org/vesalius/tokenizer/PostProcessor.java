package org.vesalius.tokenizer;

import java.util.Arrays;
import java.util.List;

/** The part that adds tokens around the ids of a text. Immutable. */
sealed interface PostProcessor permits PostProcessor.Template, PostProcessor.Chain {
  int[] apply(int[] ids);

  /**
   * Fixed ids before and after the text.
   *
   * @param before ids of the tokens before the text
   * @param after ids of the tokens after it
   */
  record Template(List<Integer> before, List<Integer> after) implements PostProcessor {
    public Template {
      before = List.copyOf(before);
      after = List.copyOf(after);
    }

    @Override
    public int[] apply(int[] ids) {
      int[] result = Arrays.copyOf(ids, before.size() + ids.length + after.size());
      System.arraycopy(ids, 0, result, before.size(), ids.length);
      for (int i = 0; i < before.size(); i++) {
        result[i] = before.get(i);
      }
      for (int i = 0; i < after.size(); i++) {
        result[before.size() + ids.length + i] = after.get(i);
      }
      return result;
    }
  }

  /** Post-processors one after the other; none at all adds nothing. */
  record Chain(List<PostProcessor> steps) implements PostProcessor {
    static final Chain NONE = new Chain(List.of());

    public Chain {
      steps = List.copyOf(steps);
    }

    @Override
    public int[] apply(int[] ids) {
      int[] result = ids;
      for (PostProcessor step : steps) {
        result = step.apply(result);
      }
      return result;
    }
  }
}
