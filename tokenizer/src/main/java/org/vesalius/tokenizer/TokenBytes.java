package org.vesalius.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** The bytes that one token writes inside a text, as a decoder makes them. */
final class TokenBytes {
  private TokenBytes() {}

  /**
   * The bytes of a token that is not the first one of a text.
   *
   * @throws UnsupportedOperationException for a decoder to which a token says different things in
   *     different places
   */
  static byte[] of(Decoder decoder, String token) {
    List<Decoder> steps = decoder instanceof Decoder.Chain chain ? chain.steps() : List.of(decoder);
    String text = token;
    for (int i = 0; i < steps.size(); i++) {
      Decoder step = steps.get(i);
      boolean fused = steps.subList(0, i).contains(new Decoder.Fuse());
      switch (step) {
        case ByteLevelDecoder _ -> {
          return byteLevel(text);
        }
        case ByteFallbackDecoder _ -> {
          int b = ByteFallbackDecoder.toByte(text);
          if (b >= 0) {
            return new byte[] {(byte) b};
          }
        }
        case Decoder.Fuse _ -> {}
        case ReplaceDecoder(ReplaceNormalizer replace) when !fused ->
            text = replace.normalize(text);
        case MetaspaceDecoder(String replacement, boolean _) ->
            text = text.replace(replacement, " ");
        case StripDecoder _ when fused -> {
          // What it takes off are the ends of the whole text.
        }
        default ->
            throw new UnsupportedOperationException(
                "the bytes of a token: a decoder with "
                    + step.getClass().getSimpleName()
                    + " writes a token in more than one way");
      }
    }
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] byteLevel(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      int b = ByteAlphabet.toByte(token.charAt(i));
      if (b < 0) {
        return token.getBytes(StandardCharsets.UTF_8);
      }
      bytes[i] = (byte) b;
    }
    return bytes;
  }
}
