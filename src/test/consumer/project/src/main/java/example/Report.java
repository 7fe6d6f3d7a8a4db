package example;

import java.util.Base64;
import java.util.function.UnaryOperator;
import org.vesalius.demo.DemoModel;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.Part;

/** Asks the demo model. */
public final class Report implements UnaryOperator<String> {

  /** A white pixel, for which a plug-in is needed. */
  private static final String WEBP =
      "UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAwA0JaQAA3AA/vuUAAA=";

  /** Prints what {@link #apply} says of {@code report} or of the argument. */
  public static void main(String[] arguments) {
    System.out.println(new Report().apply(arguments.length == 0 ? "report" : arguments[0]));
  }

  /**
   * The name of the backend that answered, and the answer.
   *
   * @param what {@code report} or {@code webp} for a picture, or a backend that says hello
   */
  @Override
  public String apply(String what) {
    return switch (what) {
      case "report" -> {
        try (DemoModel demo = DemoModel.unpack()) {
          yield answer("auto", Part.image(demo.example("nodule.png")), Part.text("Write a report."));
        }
      }
      case "webp" ->
          answer(
              "auto",
              new Part.Image(Base64.getDecoder().decode(WEBP), "a white pixel"),
              Part.text("Is this radiograph normal?"));
      default -> answer(what, Part.text("Hello!"));
    };
  }

  private static String answer(String backend, Part... question) {
    try (DemoModel demo = DemoModel.unpack();
        ChatModel model =
            ChatModel.open(demo.directory(), OpenOptions.defaults().withBackend(backend))) {
      ChatRequest request = ChatRequest.builder().user(question).build();
      return model.backend() + "\n" + model.generate(request).text();
    }
  }
}
