using System.Runtime.InteropServices;
using System.Text.Json;
using Lockstep.Core.Attachments;

namespace Lockstep.Storage.Contract;

/// <summary>Records that say in few words which file they have: <c>{"file":{"id":"f1"}}</c>.</summary>
public sealed class PlainFileNames : IFileNames
{
    public NamedFile Read(ReadOnlyMemory<byte> data)
    {
        if (data.IsEmpty)
        {
            return default;
        }

        using var document = JsonDocument.Parse(data);
        return document.RootElement.TryGetProperty("file", out var member) && member.ValueKind == JsonValueKind.Object
            ? new NamedFile(JsonMarshal.GetRawUtf8Value(member).ToArray(), member.TryGetProperty("id", out var id) ? id.GetString() : null)
            : default;
    }
}
