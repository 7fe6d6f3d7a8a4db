package org.vesalius.runtime.vision;

import java.util.List;
import org.vesalius.runtime.layers.ContentKey;
import org.vesalius.runtime.vision.image.ImagePatches;

/**
 * A picture, or a video, as the vision tower takes it and as the prompt shows it.
 *
 * @param tiles what the tower sees: the picture, and where a family cuts it, its pieces after it
 * @param prompt what stands for the picture in the prompt in place of the template's placeholder.
 *     It has one image token for each run
 * @param runs how many tokens each image token in {@code prompt} becomes
 * @param isVideo whether it is a video
 */
public record PreparedImage(
    List<ImagePatches> tiles, String prompt, List<TokenGrid> runs, boolean isVideo) {
  /** Copies the lists. */
  public PreparedImage {
    tiles = List.copyOf(tiles);
    runs = List.copyOf(runs);
  }

  /** A picture. */
  public PreparedImage(List<ImagePatches> tiles, String prompt, List<TokenGrid> runs) {
    this(tiles, prompt, runs, false);
  }

  /** A picture of one tile and one run of tokens. */
  public PreparedImage(ImagePatches tile, String prompt, TokenGrid run) {
    this(List.of(tile), prompt, List.of(run), false);
  }

  /** A video, whose patches are all in one tile. */
  public static PreparedImage video(ImagePatches frames, String prompt, List<TokenGrid> runs) {
    return new PreparedImage(List.of(frames), prompt, runs, true);
  }

  /**
   * What the model sees of it, whatever file it came from: the SHA-256 of its pixels as the tower
   * takes them and of how they lie.
   */
  public ContentKey contentKey() {
    ContentKey.Digest digest = new ContentKey.Digest();
    digest.add(isVideo ? 1 : 0);
    for (TokenGrid run : runs) {
      digest.add(run.frames(), run.rows(), run.columns(), run.frameStep());
    }
    for (ImagePatches tile : tiles) {
      digest.add(tile.gridT(), tile.gridH(), tile.gridW());
      digest.add(tile.values());
    }
    return digest.key();
  }

  /** Tokens of all runs. */
  public int tokens() {
    return runs.stream().mapToInt(TokenGrid::count).sum();
  }
}
