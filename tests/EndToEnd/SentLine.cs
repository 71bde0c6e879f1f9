namespace Lockstep.EndToEnd;

/// <summary>A line of the log, as OTLP has it.</summary>
/// <param name="Time">Whether it has a time.</param>
/// <param name="Severity">9 Information, 13 Warning, 17 Error, 21 Critical.</param>
/// <param name="Text">The message.</param>
/// <param name="Category">Who said it.</param>
/// <param name="Attributes">Numbers as text.</param>
/// <param name="Resource">The service.</param>
public sealed record SentLine(bool Time, int Severity, string Text, string Category, IReadOnlyDictionary<string, string> Attributes, IReadOnlyDictionary<string, string> Resource)
{
    /// <param name="request">An <c>ExportLogsServiceRequest</c>.</param>
    public static IEnumerable<SentLine> Read(ReadOnlyMemory<byte> request) =>
        from ofResource in ProtobufField.Each(request, 1)
        let resource = ProtobufField.Each(ofResource, 1).SelectMany(static described => Pairs(described, 1)).ToDictionary(StringComparer.Ordinal)
        from ofScope in ProtobufField.Each(ofResource, 2)
        let category = ProtobufField.Each(ofScope, 1).SelectMany(static scope => ProtobufField.Read(scope)).FirstOrDefault(static field => field.Number == 1)
        from record in ProtobufField.Each(ofScope, 2)
        let fields = ProtobufField.Read(record).ToList()
        select new SentLine(
            fields.Exists(static field => field is { Number: 1, Value: > 0 }),
            (int)fields.Find(static field => field.Number == 2).Value,
            ProtobufField.Read(fields.Find(static field => field.Number == 5).Bytes).First().AsText,
            category.AsText,
            Pairs(record, 6).ToDictionary(StringComparer.Ordinal),
            resource);

    private static IEnumerable<KeyValuePair<string, string>> Pairs(ReadOnlyMemory<byte> message, int number) =>
        from pair in ProtobufField.Each(message, number)
        let value = ProtobufField.Read(ProtobufField.Each(pair, 2).Single()).FirstOrDefault()
        select KeyValuePair.Create(
            ProtobufField.Read(pair).First(static field => field.Number == 1).AsText,
            value.Number == 1 ? value.AsText : value.Value.ToString(System.Globalization.CultureInfo.InvariantCulture));
}
