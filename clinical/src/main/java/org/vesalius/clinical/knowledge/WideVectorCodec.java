package org.vesalius.clinical.knowledge;

import java.io.IOException;
import org.apache.lucene.codecs.Codec;
import org.apache.lucene.codecs.FilterCodec;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.codecs.lucene99.Lucene99HnswVectorsFormat;
import org.apache.lucene.codecs.perfield.PerFieldKnnVectorsFormat;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;

/**
 * The usual codec with longer vectors than its 1024 numbers: language models are wider. Files are
 * the same, so that they are read under the usual names.
 */
final class WideVectorCodec extends FilterCodec {
  private static final int DIMENSIONS = 16_384;

  private final KnnVectorsFormat vectors =
      new PerFieldKnnVectorsFormat() {
        private final KnnVectorsFormat wide = new Wide(new Lucene99HnswVectorsFormat());

        @Override
        public KnnVectorsFormat getKnnVectorsFormatForField(String field) {
          return wide;
        }
      };

  WideVectorCodec() {
    super(Codec.getDefault().getName(), Codec.getDefault());
  }

  @Override
  public KnnVectorsFormat knnVectorsFormat() {
    return vectors;
  }

  private static final class Wide extends KnnVectorsFormat {
    private final KnnVectorsFormat usual;

    Wide(KnnVectorsFormat usual) {
      super(usual.getName());
      this.usual = usual;
    }

    @Override
    public KnnVectorsWriter fieldsWriter(SegmentWriteState state) throws IOException {
      return usual.fieldsWriter(state);
    }

    @Override
    public KnnVectorsReader fieldsReader(SegmentReadState state) throws IOException {
      return usual.fieldsReader(state);
    }

    @Override
    public int getMaxDimensions(String field) {
      return DIMENSIONS;
    }
  }
}
