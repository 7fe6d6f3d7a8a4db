package org.vesalius.clinical.rubric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.vesalius.clinical.judge.Judge;
import org.vesalius.clinical.judge.LikelihoodJudge;
import org.vesalius.demo.DemoModel;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.Part;

/** A loaded model as the judge of a rubric. */
class RubricWithModelTest {

  @Test
  void theModelsLikelihoodDecides() {
    Rubric rubric =
        Rubric.parse(
            """
            rubric: r
            criteria:
              - {id: a, weight: 1, criterion: x, judge: {question: "Is there a nodule?"}}
              - id: b
                weight: 1
                criterion: x
                judge: {question: "Is there a nodule?", "yes": "No", "no": "Yes"}
            """,
            "r.yaml");
    try (DemoModel demo = DemoModel.unpack();
        ChatModel model =
            ChatModel.open(demo.directory(), OpenOptions.defaults().withBackend("reference"))) {
      Judge judge = new LikelihoodJudge(model);
      RubricSubject subject = new RubricSubject("There is a nodule.", "", List.<Part>of());
      RubricScore score = RubricScorer.score(rubric, subject, judge);
      double yes = score.criteria().get(0).probability().orElseThrow();
      double no = score.criteria().get(1).probability().orElseThrow();
      assertTrue(yes > 0 && yes < 1, score.toString());
      assertEquals(1, yes + no, 4 * Math.ulp(1.0));
      assertEquals(1, score.points(), "one of both, but for a tie: " + score);
      assertEquals(score, RubricScorer.score(rubric, subject, judge));
    }
  }
}
