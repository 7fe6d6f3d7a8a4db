package org.vesalius.clinical.imaging;

import java.util.List;
import org.vesalius.clinical.imaging.dicom.DataSet;
import org.vesalius.clinical.imaging.dicom.Tag;

/**
 * Where the attributes of one frame are: those of enhanced multi-frame files in functional groups,
 * the frame's own before the shared ones (PS3.3 C.7.6.16), those of others beside all else.
 *
 * @param data the file
 * @param frame from 0
 */
record FrameAttributes(DataSet data, int frame) {

  /** What holds the attributes of a group for this frame: its item, or the whole file. */
  DataSet group(Tag sequence) {
    List<DataSet> frames = data.items(Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE);
    if (frame < frames.size()) {
      List<DataSet> own = frames.get(frame).items(sequence);
      if (!own.isEmpty()) {
        return own.getFirst();
      }
    }
    for (DataSet shared : data.items(Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE)) {
      List<DataSet> common = shared.items(sequence);
      if (!common.isEmpty()) {
        return common.getFirst();
      }
    }
    return data;
  }
}
