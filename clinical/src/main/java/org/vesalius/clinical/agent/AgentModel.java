package org.vesalius.clinical.agent;

import java.util.List;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.PreparedPicture;
import org.vesalius.runtime.answer.ToolCallFormat;

/** What an agent needs of a model. */
public interface AgentModel {

  /** Answers a request and tells the listener what happens meanwhile. */
  Generation generate(ChatRequest request, GenerationListener listener);

  /** The pictures of a request as the model sees them. */
  List<PreparedPicture> pictures(ChatRequest request);

  /** How it writes calls of tools. */
  ToolCallFormat callFormat();

  /** Whether its chat template writes tools, calls and results. */
  boolean describesTools();

  /** A loaded model, which stays the caller's. */
  static AgentModel of(ChatModel model) {
    return new AgentModel() {
      @Override
      public Generation generate(ChatRequest request, GenerationListener listener) {
        return model.generate(request, listener);
      }

      @Override
      public List<PreparedPicture> pictures(ChatRequest request) {
        return model.pictures(request);
      }

      @Override
      public ToolCallFormat callFormat() {
        return model.answerFormat().toolCalls();
      }

      @Override
      public boolean describesTools() {
        return model.describesTools();
      }
    };
  }
}
