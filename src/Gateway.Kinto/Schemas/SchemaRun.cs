using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Lockstep.Gateway.Kinto.Schemas;

/// <summary>One judgement in progress.</summary>
internal sealed class SchemaRun(SchemaWork work)
{
    private const int ShownLength = 100;

    private int tries;
    private string? about;
    private bool isInner;
    private string? reason;

    public SchemaWork Work => work;

    /// <summary>The fault; null for none.</summary>
    public SchemaFault? Fault => reason is null ? null : new SchemaFault(about, reason);

    /// <summary>Records the fault, unless the schema is only tried.</summary>
    /// <returns>False.</returns>
    public bool Fail(string? name, Func<string> why)
    {
        if (tries == 0)
        {
            (about, reason) = (name, why());
        }

        return false;
    }

    /// <inheritdoc cref="Fail(string?, Func{string})"/>
    public bool Fail(string? name, string why)
    {
        if (tries == 0)
        {
            (about, reason) = (name, why);
        }

        return false;
    }

    /// <summary>Tries a schema: whether it holds, without recording a fault.</summary>
    public bool Try(SchemaNode schema, JsonElement value)
    {
        tries++;
        var holds = schema.Holds(value, this);
        tries--;
        return holds;
    }

    /// <summary>Judges a member; a fault is then about that member.</summary>
    public bool Inside(SchemaNode schema, JsonElement value, string name) => schema.Holds(value, this) || About(name);

    /// <summary>Judges an item of a list; a fault is then about that item.</summary>
    public bool Inside(SchemaNode schema, JsonElement value, int index) =>
        schema.Holds(value, this) || About(tries == 0 ? index.ToString(CultureInfo.InvariantCulture) : "");

    /// <summary>A value for a message. It can be as long as the record.</summary>
    public static string Show(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            return $"'{Cut(JsonMarshal.GetRawUtf8Value(value)[1..^1])}'";
        }

        return Cut(JsonMarshal.GetRawUtf8Value(value));
    }

    public static string Shorten(string text) => text.Length <= ShownLength ? text : $"{text[..(char.IsHighSurrogate(text[ShownLength - 1]) ? ShownLength - 1 : ShownLength)]}…";

    private static string Cut(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length <= ShownLength)
        {
            return Encoding.UTF8.GetString(utf8);
        }

        // Does not cut within a character.
        var length = ShownLength;
        while ((utf8[length] & 0xC0) == 0x80)
        {
            length--;
        }

        return Encoding.UTF8.GetString(utf8[..length]) + "…";
    }

    // The innermost is recorded first, as the judgement returns from it.
    private bool About(string name)
    {
        if (tries == 0 && !isInner)
        {
            (about, isInner) = (name, true);
        }

        return false;
    }
}
