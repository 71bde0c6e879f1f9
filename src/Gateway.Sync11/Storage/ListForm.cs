namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>The format of a list.</summary>
internal enum ListForm
{
    Json,

    /// <summary>One JSON text a line, each line ended.</summary>
    Newlines,

    /// <summary>Each JSON text after its length in four bytes, big-endian.</summary>
    Whoisi,
}
