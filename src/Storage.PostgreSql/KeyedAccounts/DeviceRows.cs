using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.KeyedAccounts;

/// <summary>Statements about an account's devices and the commands that wait for them, for transactions that hold its lock.</summary>
internal static class DeviceRows
{
    /// <summary>Adds or changes a device. Returns a row if that was done.</summary>
    public static void Put(NpgsqlBatch batch, AccountDevice device)
    {
        AccountBatches.Add(
            batch,
            """
            DELETE FROM account_devices d WHERE d.token = $2 AND d.id <> $1 AND EXISTS (SELECT FROM account_tokens WHERE digest = $2 AND account = $3)
                AND NOT EXISTS (SELECT FROM account_devices o WHERE o.id = $1 AND o.account <> $3)
            """,
            Bind);
        AccountBatches.Add(
            batch,
            """
            INSERT INTO account_devices AS d (id, token, account, data, created)
            SELECT $1, $2, $3, $4, $5 WHERE EXISTS (SELECT FROM account_tokens WHERE digest = $2 AND account = $3)
            ON CONFLICT (id) DO UPDATE SET token = $2, data = $4 WHERE d.account = $3 RETURNING account
            """,
            parameters =>
            {
                Bind(parameters);
                parameters.AddText(device.Data);
                parameters.Add(device.Created.Milliseconds);
            });

        void Bind(ParameterList parameters)
        {
            parameters.AddText(device.Id);
            parameters.AddText(device.Token);
            parameters.Add(device.Account);
        }
    }

    /// <summary>Adds a command and returns a row if that was done. Then removes the commands beyond the limits.</summary>
    public static void AddCommand(NpgsqlBatch batch, long account, string device, string data, int most, long mostBytes, ServerTimestamp expires)
    {
        AccountBatches.Add(
            batch,
            """
            INSERT INTO device_commands (account, device, data, expires)
            SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT FROM account_devices WHERE id = $2 AND account = $1) RETURNING number
            """,
            parameters =>
            {
                parameters.Add(account);
                parameters.AddText(device);
                parameters.AddText(data);
                parameters.Add(expires.Milliseconds);
            });
        AccountBatches.Add(
            batch,
            """
            DELETE FROM device_commands WHERE device = $1 AND account = $2
                AND number <= (SELECT number FROM device_commands WHERE device = $1 ORDER BY number DESC LIMIT 1 OFFSET $3)
            """,
            parameters =>
            {
                parameters.AddText(device);
                parameters.Add(account);
                parameters.Add((long)most);
            });
        AccountBatches.Add(
            batch,
            """
            DELETE FROM device_commands WHERE account = $1 AND number IN (SELECT number FROM (
                SELECT number, sum(octet_length(data)) OVER (ORDER BY number DESC) AS bytes FROM device_commands WHERE account = $1) w WHERE bytes > $2)
            """,
            parameters =>
            {
                parameters.Add(account);
                parameters.Add(mostBytes);
            });
    }
}
