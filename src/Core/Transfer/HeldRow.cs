namespace Lockstep.Core.Transfer;

/// <summary>A row of an account that is held back.</summary>
/// <param name="Table">One of <see cref="KeyedAccounts.KeyedAccountTables"/> with a column <c>account</c>.</param>
/// <param name="Columns">Its columns.</param>
/// <param name="Account">The number of the account.</param>
/// <param name="Values">The values, of which that of the column <c>account</c> does not count.</param>
public sealed record HeldRow(string Table, IReadOnlyList<string> Columns, long Account, IReadOnlyList<object?> Values);
