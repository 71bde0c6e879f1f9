using System.Text;
using System.Text.Json;

namespace Lockstep.Gateway.Kinto;

/// <summary><c>/contribute.json</c>: how to take part in the project that the server belongs to, as the setting says it.</summary>
/// <remarks>contributejson.org; Kinto: kinto/views/contribute.py.</remarks>
internal sealed class ContributeView(KintoOptions options)
{
    private readonly byte[] content = Encoding.UTF8.GetBytes(options.Contribute ?? "");

    public KintoPlan Get() => new KintoResponse(200) { Body = output => System.Buffers.BuffersExtensions.Write(output, content), Length = content.Length };

    /// <summary>Whether a text can be told.</summary>
    public static bool IsObject(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
