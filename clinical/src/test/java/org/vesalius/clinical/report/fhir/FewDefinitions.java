package org.vesalius.clinical.report.fhir;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.CodeSystem;
import org.hl7.fhir.r4.model.StructureDefinition;
import org.hl7.fhir.r4.model.ValueSet;
import org.jspecify.annotations.Nullable;

/**
 * The definitions of FHIR R4 that come with HAPI's validator, of which only those are parsed that
 * are asked for: reading all 36 MiB of them takes most of the time that a validation does.
 */
final class FewDefinitions implements IValidationSupport {
  private static final String FOLDER = "/org/hl7/fhir/r4/model/";
  private static final String TYPES = "profile/profiles-types.xml";
  private static final List<String> FILES =
      List.of(
          TYPES,
          "profile/profiles-resources.xml",
          "valueset/valuesets.xml",
          "valueset/v3-codesystems.xml",
          "valueset/v2-tables.xml");
  private static final String BASE = "http://hl7.org/fhir/StructureDefinition/";
  private static final List<String> RESOURCES =
      List.of(
          "Resource",
          "DomainResource",
          "Bundle",
          "DiagnosticReport",
          "Observation",
          "Device",
          "Provenance");
  private static final Pattern ENTRY =
      Pattern.compile("<resource>\\s*<(StructureDefinition|ValueSet|CodeSystem)[^>]*>");
  private static final Pattern URL = Pattern.compile("<url value=\"([^\"]+)\"");

  private final FhirContext context;
  private final Map<String, String> texts = new HashMap<>();
  private final Map<String, IBaseResource> parsed = new ConcurrentHashMap<>();
  private final List<String> types = new ArrayList<>();

  FewDefinitions(FhirContext context) {
    this.context = context;
    for (String file : FILES) {
      String text = read(file);
      Matcher entry = ENTRY.matcher(text);
      while (entry.find()) {
        String kind = entry.group(1);
        int end = text.indexOf("</" + kind + ">", entry.end());
        String body = text.substring(entry.end(), end);
        Matcher url = URL.matcher(body);
        if (url.find()) {
          texts.put(
              kind + " " + url.group(1),
              "<%s xmlns=\"http://hl7.org/fhir\">%s</%s>".formatted(kind, body, kind));
          if (file.equals(TYPES) && kind.equals("StructureDefinition")) {
            types.add(url.group(1));
          }
        }
      }
    }
  }

  private static String read(String file) {
    try (InputStream in = FewDefinitions.class.getResourceAsStream(FOLDER + file)) {
      if (in == null) {
        throw new IllegalStateException("the validator's jar has no " + file);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private <T extends IBaseResource> @Nullable T find(Class<T> kind, String url) {
    String key = kind.getSimpleName() + " " + url.replaceFirst("\\|.*", "");
    String text = texts.get(key);
    return text == null
        ? null
        : kind.cast(
            parsed.computeIfAbsent(key, _ -> context.newXmlParser().parseResource(kind, text)));
  }

  @Override
  public @Nullable IBaseResource fetchStructureDefinition(String url) {
    return find(StructureDefinition.class, url);
  }

  @Override
  public @Nullable IBaseResource fetchValueSet(String url) {
    return find(ValueSet.class, url);
  }

  @Override
  public @Nullable IBaseResource fetchCodeSystem(String url) {
    return find(CodeSystem.class, url);
  }

  /** The types, and the resources of a report: the validator wants to know what there is. */
  @Override
  @SuppressWarnings({"unchecked", "NullAway"}) // as its interface wants it
  public <T extends IBaseResource> List<T> fetchAllStructureDefinitions() {
    List<T> all = new ArrayList<>();
    types.forEach(url -> all.add((T) fetchStructureDefinition(url)));
    RESOURCES.forEach(name -> all.add((T) fetchStructureDefinition(BASE + name)));
    return all;
  }

  @Override
  public FhirContext getFhirContext() {
    return context;
  }
}
