using System.Text.Json;

namespace Lockstep.Core.Records;

/// <summary>A JSON text that was taken apart. Its elements are valid until it is disposed of, which happens once.</summary>
public sealed class ParsedJson : IDisposable
{
    private readonly JsonDocument document;
    private readonly bool isLarge;

    internal ParsedJson(JsonDocument document, bool isLarge) => (this.document, this.isLarge) = (document, isLarge);

    /// <summary>The whole.</summary>
    public JsonElement RootElement => document.RootElement;

    /// <summary>Gives the memory back: to the pool, but that of a large text to the garbage collector (<see cref="LargeJson"/>).</summary>
    public void Dispose()
    {
        if (!isLarge)
        {
            document.Dispose();
        }
    }
}
