using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Lockstep.Core.Records;

/// <summary>Strings out of JSON that a client sent.</summary>
public static class JsonText
{
    /// <summary>How every JSON text from outside is parsed: bounded in depth, and a name given twice is refused.</summary>
    public static readonly JsonDocumentOptions Options = new() { MaxDepth = 100, AllowDuplicateProperties = false };

    /// <summary>The string, or null when the element is no string or not valid Unicode (an unpaired surrogate escape).</summary>
    public static string? Read(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The name; as it was sent, escapes and all, where that is not valid Unicode.</summary>
    public static string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8PropertyName(property));
        }
    }
}
