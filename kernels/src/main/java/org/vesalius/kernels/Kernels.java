package org.vesalius.kernels;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The transformer-level operations that models are made of, on one device.
 *
 * <p><b>Shapes.</b> Activations are {@code (tokens, width)}: the tokens of one or many sequences
 * laid end to end (a ragged batch). Prefill, a chunk of a prefill, decode of one sequence or of
 * many are the same calls. Integer arguments that change from step to step (token ids, positions,
 * lengths, page tables) are I32 tensors, so that a backend can record a step and replay it. Output
 * comes first; it may be a view with a row stride, and may be the same tensor as an input only
 * where the operation says so.
 *
 * <p><b>Results.</b> The package {@code reference} is the definition of every operation. Another
 * backend may round differently, within a bound computed from the operation's length; but for a
 * given row of input its result must not depend on which other rows are in the batch, so that
 * neither the chunk size of a prefill nor other requests change an answer; a matrix product that
 * cannot promise it says so by {@link #batchInvariant}.
 *
 * <p><b>Threads.</b> Calls are issued by one thread at a time (any thread); the backend splits the
 * work itself. A call may return before the work is done on an asynchronous device; {@link #read}
 * waits.
 *
 * <p><b>Errors.</b> Shapes that do not fit throw {@link IllegalArgumentException} naming the
 * operation and both shapes. Integer contents (a token id beyond the table, a page beyond the pool)
 * throw {@link IndexOutOfBoundsException}; a device backend may report them later.
 */
public interface Kernels extends AutoCloseable {

  /** What is computing, for people: {@code simd (256-bit, 2 threads)}. */
  String description();

  /**
   * The kernels of the device that computes a decoder's layer: these, unless layers are split over
   * several devices. Then these are the first one's, later layers are on the same device or a later
   * one, and {@link #receive} carries what comes out of one to the next. Each device's tensors and
   * weights are its own; whoever closes these closes all.
   *
   * @param layer from 0; beyond the last there is, the last one's device
   */
  default Kernels ofLayer(int layer) {
    return this;
  }

  /**
   * Copies a tensor F32 of other kernels into one of these. What {@code from} is asked to do later
   * to {@code x} happens after it was copied.
   *
   * @param out as many rows and columns as {@code x}
   */
  default void receive(Tensor out, Kernels from, Tensor x) {
    Shapes.same("receive", out, x);
    float[] values = new float[x.rows() * x.columns()];
    from.read(values, x);
    write(out, values);
  }

  /**
   * Allocates a zero-filled tensor that lives until {@link #close}. For opening a model and growing
   * a cache, never for a step.
   */
  Tensor allocate(ElementType type, int rows, int columns);

  /**
   * Makes a stored weight ready for this device: host backends return it as it is, mapped file and
   * all.
   */
  Weight place(Weight stored);

  /**
   * How {@link #linear} and {@link #expertLinear} round activations before they multiply them with
   * this weight: a difference from the definition that a backend has to declare.
   */
  default ActivationRounding rounding(Weight weight) {
    return ActivationRounding.NONE;
  }

  /**
   * How {@link #attention} with these keys and values rounds what it multiplies: a difference from
   * the definition that a backend has to declare.
   *
   * <p>{@link ActivationRounding#BF16} means that these are rounded to the nearest bfloat16, of two
   * equally near ones to the even one: queries, after they were multiplied by the scale; weights,
   * {@code exp(score - largest score so far)}, whose exponentials then err by up to {@code 2^-17}
   * of themselves; and of a {@link KeyValues.Ragged} batch keys and values. A cache's keys and
   * values are used as they are stored; of one of I8 the scale of a key multiplies the score, and
   * that of a value the weight before it is rounded. Weights are divided by the sum of the rounded
   * ones, with a cache of I8 of those before rounding. Scores and sums are binary32.
   *
   * <p>A cache of F32 is never rounded: who asks for one wants all digits.
   */
  default ActivationRounding attentionRounding(KeyValues keyValues) {
    return ActivationRounding.NONE;
  }

  /**
   * Whether the result of {@link #linear} and {@link #expertLinear} for a row is the same bit by
   * bit whatever rows are beside it: a difference from what is promised above that a backend has to
   * declare. Where it is not, other rows may change the order of summation, and what was added in
   * which order stays within the bound.
   */
  default boolean batchInvariant(Weight weight) {
    return true;
  }

  /**
   * Whether calls return before the work is done. Then {@link #read} is where integer contents are
   * refused that an earlier operation was given, and that operation may have written rows by then
   * which had nothing to do with them.
   */
  default boolean isAsynchronous() {
    return false;
  }

  /**
   * Copies {@code values} into a tensor F32, BF16 (rounded to the nearest) or I8 (whole numbers),
   * row by row; {@code values} holds at least {@code rows * columns} numbers.
   */
  void write(Tensor out, float[] values);

  /**
   * Copies {@code values} into the tensor, row by row; {@code values} holds at least {@code rows *
   * columns} numbers.
   */
  void write(Tensor out, int[] values);

  /**
   * Waits for the tensor to be computed and copies it out, row by row; what BF16 and I8 hold
   * becomes floats.
   */
  void read(float[] out, Tensor x);

  /** Waits for a tensor I32 to be computed and copies it out, row by row. */
  void read(int[] out, Tensor x);

  /**
   * Keeps operations, so that they can be repeated with other contents of the same tensors: a
   * device then gets them in one piece, without being told every one again. They are not run here.
   *
   * @param operations calls of this interface with the same arguments every time, but none of
   *     {@link #allocate}, {@link #place}, {@link #write} and {@link #read}; it may be called once,
   *     now, or every time
   */
  default Recording record(Runnable operations) {
    return Recording.of(operations);
  }

  /**
   * {@code out[t] = table[ids[t]]}.
   *
   * @param out {@code (tokens, width)}
   * @param table {@code (vocabulary, width)}
   * @param ids {@code (1, tokens)} I32
   */
  void embed(Tensor out, Weight table, Tensor ids);

  /**
   * {@code out[i] = x[index[i]]} for the rows of {@code out}; {@code index} is {@code (1, rows of
   * out)} I32.
   */
  void gatherRows(Tensor out, Tensor x, Tensor index);

  /**
   * {@code out[index[i]] = x[i]} for the rows of {@code x}; rows that no index names keep their
   * content.
   */
  void scatterRows(Tensor out, Tensor x, Tensor index);

  /**
   * {@code out[index[i]] += x[i]} for the rows of {@code x}; no two entries of {@code index},
   * {@code (1, rows of x)} I32, may be equal.
   */
  void addRows(Tensor out, Tensor x, Tensor index);

  /**
   * Weighted sums of rows: {@code out[i] = sum over k of shares[k][i] * x[index[k][i]]}. Pooling,
   * the interpolation of a table of position embeddings and the mixture of experts' outputs are all
   * this.
   *
   * @param out {@code (n, width)}
   * @param x {@code (rows, width)}
   * @param index {@code (parts, n)} I32
   * @param shares {@code (parts, n)} F32
   */
  void mixRows(Tensor out, Tensor x, Tensor index, Tensor shares);

  /**
   * Matrix product with a weight: {@code out = x * weightᵀ + bias}, with the exact numbers that a
   * quantized weight stands for, and activations as {@link #rounding} says.
   *
   * @param out {@code (tokens, weight.rows)}
   * @param x {@code (tokens, weight.columns)}
   * @param bias {@code (1, weight.rows)} or null
   */
  void linear(Tensor out, Tensor x, Weight weight, @Nullable Tensor bias);

  /**
   * Chooses the experts of each token of a sparse feed-forward network (Shazeer et al. 2017) and
   * groups the choices by expert: softmax over all experts, then the {@code routing.perToken()}
   * largest, of equal ones the first.
   *
   * @param routing is written
   * @param logits {@code (tokens, experts)}
   * @param renormalise whether the shares of a token are divided by their sum
   */
  void route(ExpertRouting routing, Tensor logits, boolean renormalise);

  /**
   * Matrix products of groups of rows, each group with a weight of its own, which is read once:
   * {@code out[r] = x[r] * experts[e]ᵀ} for rows {@code starts[e] <= r < starts[e + 1]}. A row's
   * result is that of {@link #linear} with the same weight.
   *
   * @param out {@code (rows, expert.rows)}
   * @param x {@code (rows, expert.columns)}
   * @param experts all of one shape
   * @param starts {@code (1, experts + 1)} I32, from 0 to the number of rows
   */
  void expertLinear(Tensor out, Tensor x, List<Weight> experts, Tensor starts);

  /**
   * The likeliest of each row: {@code out[0][r]} is the column of the largest number of row {@code
   * r}, of equal ones the first; -1 if a number of the row is not finite, or there is none.
   *
   * @param out {@code (1, rows of x)} I32
   */
  void argmax(Tensor out, Tensor x);

  /**
   * Draws a token for each row of logits, and adds it to the row's history. The same numbers give
   * the same tokens on every backend.
   *
   * <p>First, the logits of tokens that the history has are changed by {@link
   * SamplingRule#penalize}. With temperature 0 the largest is taken, of equal ones the first.
   * Otherwise every token has a {@link TokenWeight}. Tokens are put in a list by their logits, the
   * largest first, of equal ones by their number. The first {@code topK} stay, if it is not 0; of
   * these, unless {@code topP} is 1, the shortest list whose weights sum up to at least {@link
   * SamplingRule#limit}; of these, the ones that weigh at least {@link SamplingRule#minimum}. With
   * {@code s} for the sum of their weights and {@code u} for the row's random number of 64 bits
   * without a sign, the token taken is the first, by their numbers, at which the weights up to and
   * with it sum up to more than {@code floor(u * s / 2^64)}.
   *
   * <p>Where a logit is not finite, or a parameter is out of its range, or there is no logit, the
   * token is -1, and the history stays as it is.
   *
   * @param out {@code (1, rows)} I32
   * @param logits {@code (rows, vocabulary)}, at most {@code 2^22} columns
   * @param sampling of as many rows; its history has every row that is named, or this throws {@link
   *     IndexOutOfBoundsException}
   */
  void sample(Tensor out, Tensor logits, Sampling sampling);

  /** {@code out += x}. */
  void add(Tensor out, Tensor x);

  /**
   * Root mean square norm (Zhang and Sennrich 2019): {@code out = x / sqrt(mean(x²) + epsilon) *
   * gain}, row by row. {@code out} may be {@code x}.
   *
   * @param gain {@code (1, width)}
   */
  void rmsNorm(Tensor out, Tensor x, Tensor gain, float epsilon);

  /** {@code residual += delta}, then {@code out = rmsNorm(residual)}. */
  void addRmsNorm(Tensor out, Tensor residual, Tensor delta, Tensor gain, float epsilon);

  /**
   * Layer norm (Ba et al. 2016): {@code out = (x - mean(x)) / sqrt(variance(x) + epsilon) * gain +
   * bias}, row by row, with the variance over all elements. {@code out} may be {@code x}.
   *
   * @param gain {@code (1, width)}
   * @param bias {@code (1, width)}
   */
  void layerNorm(Tensor out, Tensor x, Tensor gain, Tensor bias, float epsilon);

  /** {@code x = x * factor}, in place. */
  void scale(Tensor x, float factor);

  /** {@code x = activation(x)}, in place. */
  void activate(Tensor x, Activation activation);

  /** {@code gate = activation(gate) * up}, in place. */
  void gatedActivation(Tensor gate, Tensor up, Activation activation);

  /**
   * Cosines and sines of all rotation angles of a batch. The angle is computed in single precision,
   * {@code (float) position * inverseFrequency}, because that is what models were trained with.
   *
   * @param cos {@code (tokens, rotary.pairs)}
   * @param sin {@code (tokens, rotary.pairs)}
   * @param positions {@code (axes, tokens)} I32
   */
  void rotaryTable(Tensor cos, Tensor sin, Tensor positions, Rotary rotary);

  /**
   * Rotates every head of every token in place: with {@code a = x[i]}, {@code b = x[i +
   * headSize/2]} it becomes {@code a cos - b sin} and {@code b cos + a sin}.
   *
   * @param x {@code (tokens, heads * headSize)}; {@code headSize} is twice the width of {@code cos}
   */
  void rotate(Tensor x, Tensor cos, Tensor sin);

  /**
   * Prepares one decoder layer's attention: normalises each head of queries and keys where gains
   * are given (Qwen3), rotates both, and stores keys and values in the cache. Queries and keys are
   * changed in place.
   *
   * <p>A cache of BF16 takes each number rounded to the nearest, of two equally near to the even
   * one. A cache of I8 takes for each head of a token, all in binary32, the scale {@code largest
   * |x| / 127} and of every number the integer nearest to {@code x / scale}, of two equally near
   * the even one; a scale below {@link Float#MIN_NORMAL} is zero, and so are the integers of its
   * row. A row with an infinity or what is not a number has a scale that is no finite number. So
   * backends that were given the same numbers store the same.
   *
   * @param q {@code (tokens, heads * headSize)}
   * @param k {@code (tokens, kvHeads * headSize)}
   * @param v {@code (tokens, kvHeads * headSize)}
   * @param qGain {@code (1, headSize)} or null
   * @param kGain {@code (1, headSize)} or null
   * @param epsilon of the norms
   * @param slots {@code (1, tokens)} I32: {@code page * pageSize + slot in the page} of each token
   */
  void rotateAndCache(
      Tensor q,
      Tensor k,
      Tensor v,
      @Nullable Tensor qGain,
      @Nullable Tensor kGain,
      float epsilon,
      Tensor cos,
      Tensor sin,
      KeyValues.Paged cache,
      Tensor slots);

  /**
   * Scaled dot-product attention with grouped queries: {@code out = softmax(scale * q kᵀ + mask) v}
   * per head, with numbers rounded as {@link #attentionRounding} says.
   *
   * @param out {@code (tokens, heads * headSize)}
   * @param q {@code (tokens, heads * headSize)}
   * @param starts {@code (1, sequences + 1)} I32: the first row of each sequence, and the end of
   *     the last
   * @param groups {@code (2, tokens)} I32 or null. Where given, each query also sees, whatever the
   *     causal mask and the window say, the keys from {@code groups[0][t]} to before {@code
   *     groups[1][t]} of its sequence, among which it is itself and all of which exist: the tokens
   *     of one image, which attend to each other in both directions (Gemma 3). A query without such
   *     a group has {@code p} and {@code p + 1} for its own position {@code p}
   */
  void attention(
      Tensor out,
      Tensor q,
      KeyValues keyValues,
      Tensor starts,
      AttentionShape shape,
      @Nullable Tensor groups);

  /** Attention without groups. */
  default void attention(
      Tensor out, Tensor q, KeyValues keyValues, Tensor starts, AttentionShape shape) {
    attention(out, q, keyValues, starts, shape, null);
  }

  /** Frees everything that was allocated here and stops the threads. Idempotent. */
  @Override
  void close();
}
