namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>How a list is written.</summary>
internal enum ListForm
{
    Json,

    /// <summary>A JSON text a line, each line ended.</summary>
    Newlines,

    /// <summary>A JSON text behind its length, of four bytes, the highest one first.</summary>
    Whoisi,
}
