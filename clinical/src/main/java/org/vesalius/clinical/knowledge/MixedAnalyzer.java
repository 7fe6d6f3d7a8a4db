package org.vesalius.clinical.knowledge;

import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.StopFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.cjk.CJKBigramFilter;
import org.apache.lucene.analysis.cjk.CJKWidthFilter;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.en.EnglishPossessiveFilter;
import org.apache.lucene.analysis.en.PorterStemFilter;
import org.apache.lucene.analysis.standard.StandardTokenizer;

/**
 * Words of English by their stems, without those that say nothing, and pairs of neighbouring
 * characters of Chinese, in one text.
 */
final class MixedAnalyzer extends Analyzer {
  @Override
  protected TokenStreamComponents createComponents(String field) {
    Tokenizer words = new StandardTokenizer();
    TokenStream terms = new CJKWidthFilter(words);
    terms = new EnglishPossessiveFilter(terms);
    terms = new LowerCaseFilter(terms);
    terms = new StopFilter(terms, EnglishAnalyzer.getDefaultStopSet());
    terms = new CJKBigramFilter(terms);
    return new TokenStreamComponents(words, new PorterStemFilter(terms));
  }
}
